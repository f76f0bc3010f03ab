-- Grain: one row per source, day and artist; artists that the catalogue doesn't know are told apart by their names.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
select
    source,
    played_date as date_day,
    artist_key,
    artist,
    count(*) as play_count,
    cast(sum(cast(is_listen as integer)) as bigint) as listen_count,
    cast(coalesce(sum(heard_ms), 0) as bigint) as heard_ms,
    count(distinct case when is_listen then user_key end) as listener_count
from {{ ref('int_plays_named') }}
{% if is_incremental() %}
where played_date in {{ touched_days() }}
{% endif %}
group by source, played_date, artist_key, artist
