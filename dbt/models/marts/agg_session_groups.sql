-- Grain: one row per source, UTC day of the sessions' start, dimension (level, gender, device, state) and value of
-- their users, each as last seen on that day. k-anonymous like agg_demographics_day.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
with session_groups as (
    select
        s.source,
        s.started_date as date_day,
        g.dimension,
        g.value,
        count(distinct s.user_key) as user_count,
        count(*) as session_count,
        sum(s.duration_ms) as duration_ms,
        sum(s.event_count) as event_count,
        sum(s.play_count) as play_count,
        sum(s.error_count) as error_count
    from {{ ref('fct_sessions') }} as s
    inner join {{ ref('int_user_day_groups') }} as g
        on s.source = g.source and s.user_key = g.user_key and s.started_date = g.date_day
    {% if is_incremental() %}
    where s.started_date in {{ touched_days() }}
    {% endif %}
    group by s.source, s.started_date, g.dimension, g.value
)

{% set sums = ['session_count', 'duration_ms', 'event_count', 'play_count', 'error_count'] %}
{{ k_anonymous('session_groups', ['source', 'date_day', 'dimension'], 'value', sums) }}
