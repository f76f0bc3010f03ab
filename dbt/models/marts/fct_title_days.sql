-- Grain: one row per source, UTC day with a play, artist and title as played, track, and level and gender of those who
-- played it, as they were then. agg_track_day has the catalogue's names; the dashboard tells tracks apart as played.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
select
    p.source,
    p.played_date as date_day,
    p.artist,
    p.song,
    p.track_key,
    u.level,
    u.gender,
    count(*) as play_count,
    cast(sum(p.heard_ms) as bigint) as heard_ms
from {{ ref('fct_plays') }} as p
inner join {{ ref('dim_users') }} as u on p.user_version_key = u.user_version_key
{% if is_incremental() %}
where p.played_date in {{ touched_days() }}
{% endif %}
group by p.source, p.played_date, p.artist, p.song, p.track_key, u.level, u.gender
