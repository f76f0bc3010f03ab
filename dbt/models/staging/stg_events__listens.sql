-- Grain: one row per listen event (a play), names repaired.
{{ config(materialized='view') }}
with named as (
    select
        {{ event_columns() }},
        auth,
        track_id,
        case when duration_s > 0 then cast(round(duration_s * 1000) as bigint) end as duration_ms,
        case when played_ms >= 0 then played_ms end as played_ms,
        {{ repaired_once('artist') }} as artist_once,
        {{ repaired_once('song') }} as song_once
    from {{ as_planned(source('lake', 'listen_events')) }}
)

-- Names that went through two wrong readings need two repairs.
select
    {{ all_but(['artist_once', 'song_once']) }},
    {{ repaired_once('artist_once') }} as artist,
    {{ repaired_once('song_once') }} as song
from named
