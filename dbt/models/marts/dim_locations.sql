-- Grain: one row per city and state that events name, and the unknown member. Coordinates are the city's, if known.
{{ config(materialized='incremental', incremental_strategy='new_members') }}
with named as (
    select distinct
        e.city,
        e.state
    from {{ ref('int_events_unioned') }} as e
    {% if is_incremental() %}
    where {{ is_since_touched('e') }} and {{ is_of_touched_session('e') }}
    {% endif %}
),

places as (
    select
        {{ location_key('city', 'state') }} as location_key,
        city,
        state,
        case when {{ matches('state', '^[A-Z]{2}(-|$)') }} then left(state, 2) end as state_code
    from named
),

cities as (
    select
        city,
        state,
        {{ first_by('lat', ['artist_id']) }} as city_lat,
        {{ first_by('lon', ['artist_id']) }} as city_lon
    from {{ ref('stg_catalog__artists') }}
    where lat is not null and lon is not null
    group by city, state
)

select
    p.location_key,
    p.city,
    p.state,
    p.state_code,
    d.state_name,
    d.division,
    d.region,
    c.city_lat,
    c.city_lon,
    false as is_unknown
from places as p
left join {{ ref('us_states') }} as d on p.state_code = d.state_code
left join cities as c on p.city = c.city and p.state = c.state
{% if is_incremental() %}
where p.location_key <> {{ unknown_key() }} and p.location_key not in (select k.location_key from {{ this }} as k)
{% else %}
where p.location_key <> {{ unknown_key() }}
union all
select
    {{ unknown_key() }} as location_key,
    null as city,
    null as state,
    null as state_code,
    null as state_name,
    null as division,
    null as region,
    null as city_lat,
    null as city_lon,
    true as is_unknown
{% endif %}
