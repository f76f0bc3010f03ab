-- Grain: one row per source, UTC day and level of its events: what happened on the day.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
with actions as (
    select
        source,
        event_date as date_day,
        level,
        count(*) as event_count,
        count(distinct user_key) as active_user_count
    from {{ ref('int_events') }}
    {% if is_incremental() %}
    where event_date in {{ touched_days() }}
    {% endif %}
    group by source, event_date, level
),

plays as (
    select
        source,
        played_date as date_day,
        level,
        count(*) as play_count,
        sum(cast(is_listen as integer)) as listen_count,
        sum(heard_ms) as heard_ms
    from {{ ref('fct_plays') }}
    {% if is_incremental() %}
    where played_date in {{ touched_days() }}
    {% endif %}
    group by source, played_date, level
)

select
    coalesce(a.source, p.source) as source,
    coalesce(a.date_day, p.date_day) as date_day,
    coalesce(a.level, p.level) as level,
    coalesce(a.active_user_count, 0) as active_user_count,
    coalesce(a.event_count, 0) as event_count,
    coalesce(p.play_count, 0) as play_count,
    cast(coalesce(p.listen_count, 0) as bigint) as listen_count,
    cast(coalesce(p.heard_ms, 0) as bigint) as heard_ms,
    a.level is not null as has_events
from actions as a
full outer join plays as p on a.source = p.source and a.date_day = p.date_day and a.level = p.level
