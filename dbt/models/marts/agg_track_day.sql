-- Grain: one row per source, day and track; tracks that the catalogue doesn't know are told apart by their names.
-- Names that the catalogue has come last: they would be long to group by.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
with days as (
    select
        source,
        played_date as date_day,
        track_key,
        artist_key,
        case when track_key = {{ unknown_key() }} then artist end as unknown_artist,
        case when track_key = {{ unknown_key() }} then song end as unknown_song,
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
        track_key,
        artist_key,
        case when track_key = {{ unknown_key() }} then artist end,
        case when track_key = {{ unknown_key() }} then song end
)

select
    d.source,
    d.date_day,
    d.track_key,
    case when t.is_unknown then d.unknown_artist else t.artist_name end as artist,
    case when t.is_unknown then d.unknown_song else t.title end as song,
    d.artist_key,
    d.play_count,
    cast(d.listen_count as bigint) as listen_count,
    cast(coalesce(d.heard_ms, 0) as bigint) as heard_ms,
    d.listener_count
from days as d
inner join {{ ref('dim_tracks') }} as t on d.track_key = t.track_key
