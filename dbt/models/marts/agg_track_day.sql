-- Grain: one row per source, day and track; tracks that the catalogue doesn't know are told apart by their names.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
select
    source,
    played_date as date_day,
    track_key,
    track_artist as artist,
    song,
    artist_key,
    count(*) as play_count,
    cast(sum(cast(is_listen as integer)) as bigint) as listen_count,
    cast(coalesce(sum(heard_ms), 0) as bigint) as heard_ms,
    count(distinct case when is_listen then user_key end) as listener_count
from {{ ref('int_plays_named') }}
{% if is_incremental() %}
where played_date in {{ touched_days() }}
{% endif %}
group by source, played_date, track_key, track_artist, song, artist_key
