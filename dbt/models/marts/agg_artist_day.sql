-- Grain: one row per source, day and artist; artists that the catalogue doesn't know are told apart by their names.
-- Names that the catalogue has come last: they would be long to group by.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
with days as (
    select
        source,
        played_date as date_day,
        artist_key,
        case when artist_key = {{ unknown_key() }} then artist end as unknown_artist,
        count(*) as play_count,
        sum(cast(is_listen as integer)) as listen_count,
        sum(heard_ms) as heard_ms,
        count(distinct case when is_listen then user_key end) as listener_count
    from {{ ref('fct_plays') }}
    {% if is_incremental() %}
    where played_date in {{ touched_days() }}
    {% endif %}
    group by
        source,
        played_date,
        artist_key,
        case when artist_key = {{ unknown_key() }} then artist end
)

select
    d.source,
    d.date_day,
    d.artist_key,
    case when a.is_unknown then d.unknown_artist else a.artist_name end as artist,
    d.play_count,
    cast(d.listen_count as bigint) as listen_count,
    cast(coalesce(d.heard_ms, 0) as bigint) as heard_ms,
    d.listener_count
from days as d
inner join {{ ref('dim_artists') }} as a on d.artist_key = a.artist_key
