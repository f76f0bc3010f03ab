-- Grain: one row per action of a client: session, place in it, instant and user. The events that tell of the same
-- action (a play is a listen event and a page view) are one row. A topic has one event of an action at most, as its
-- event_id is a hash of these; so topics are joined, which keeps the order of the lake and is cheaper than to group.
{{ config(materialized='incremental', incremental_strategy='touched_sessions', meta={'instant': 'event_at'}) }}
{% set topics = ['page_views', 'listens', 'auths', 'status_changes'] %}
{% set action = ['source', 'session_id', 'item_in_session', 'event_at', 'own_user_key'] %}
{% set said = ['level', 'location_start', 'gender', 'device', 'tag', 'ingested_at'] %}
with several_users as (
    select
        source,
        session_id
    from {{ ref('int_session_users') }}
    where user_key is null
),

{% for topic in topics %}
{{ topic }} as (
    select
        e.source,
        e.session_id,
        e.item_in_session,
        e.event_at,
        -- Where it is the session's, it comes back below: short until then, like the location's key.
        coalesce(case when m.session_id is not null then e.user_key end, '') as own_user_key,
        e.level,
        left(nullif(e.location_key, {{ unknown_key() }}), 12) as location_start,
        e.gender,
        e.device,
        e.tag,
        e.ingested_at
    from {{ ref('stg_events__' ~ topic) }} as e
    left join several_users as m on e.source = m.source and e.session_id = m.session_id
    {% if is_incremental() %}
    where {{ is_since_touched('e') }} and {{ is_of_touched_session('e') }}
    {% endif %}
),

{% endfor %}
{% for topic in topics[1:] %}
with_{{ topic }} as (
    select
        {% for name in action[:-1] %}
        coalesce(a.{{ name }}, e.{{ name }}) as {{ name }},
        {% endfor %}
        {% for name in said %}
        {{ earlier_of('a.' ~ name, 'e.' ~ name) }} as {{ name }},
        {% endfor %}
        coalesce(a.own_user_key, e.own_user_key) as own_user_key
    from {{ topics[0] if loop.first else 'with_' ~ loop.previtem }} as a
    full outer join {{ topic }} as e
        on
            a.own_user_key = e.own_user_key
            {% for name in action[:-1] %}
            and a.{{ name }} = e.{{ name }}
            {% endfor %}
),

{% endfor %}
locations as (
    select
        left(location_key, 12) as location_start,
        min(location_key) as location_key
    from {{ ref('dim_locations') }}
    where not is_unknown
    group by left(location_key, 12)
)

select
    a.source,
    a.session_id,
    a.item_in_session,
    a.event_at,
    cast(a.event_at as date) as event_date,
    coalesce(nullif(a.own_user_key, ''), s.user_key) as user_key,
    a.level,
    l.location_key,
    a.gender,
    a.device,
    a.tag,
    a.ingested_at
from with_{{ topics[-1] }} as a
left join {{ ref('int_session_users') }} as s on a.source = s.source and a.session_id = s.session_id
left join locations as l on a.location_start = l.location_start
