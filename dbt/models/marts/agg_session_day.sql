-- Grain: one row per source, UTC day of the session's start, and level at its start.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
select
    source,
    started_date as date_day,
    level_at_start as level,
    count(*) as session_count,
    count(distinct user_key) as user_count,
    cast(sum(duration_ms) as bigint) as duration_ms,
    {{ percentile('duration_ms', 0.5) }} as duration_p50_ms,
    {{ percentile('duration_ms', 0.9) }} as duration_p90_ms,
    cast(sum(event_count) as bigint) as event_count,
    cast(sum(play_count) as bigint) as play_count,
    {{ percentile('play_count', 0.5) }} as play_p50_count,
    count(*) - count(nullif(play_count, 0)) as silent_session_count
from {{ ref('fct_sessions') }}
{% if is_incremental() %}
where started_date in {{ touched_days() }}
{% endif %}
group by source, started_date, level_at_start
