-- Grain: one row per source, UTC day and state of the user ('other', 'unknown'). k-anonymous: groups that are too
-- small are merged or left out.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
select
    source,
    date_day,
    value as state_code,
    user_count,
    play_count,
    listen_count,
    heard_ms
from {{ ref('agg_demographics_day') }}
where
    dimension = 'state'
    {% if is_incremental() %}
    and date_day in {{ touched_days() }}
    {% endif %}
