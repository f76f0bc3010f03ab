-- Grain: one row per source, UTC day with a play, dimension (level, gender, device, state) and value of those who
-- played, each as last seen on that day: skips and whole plays. k-anonymous like agg_demographics_day.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
with user_plays as (
    select
        source,
        user_key,
        played_date as date_day,
        count(*) as play_count,
        count(case when is_listen then 1 end) as listen_count,
        count(case when not is_listen then 1 end) as skip_count,
        count(case when heard_ms >= duration_ms then 1 end) as whole_count
    from {{ ref('fct_plays') }}
    where
        user_key is not null
        {% if is_incremental() %}
        and played_date in {{ touched_days() }}
        {% endif %}
    group by source, user_key, played_date
),

listening_groups as (
    select
        p.source,
        p.date_day,
        g.dimension,
        g.value,
        count(*) as user_count,
        sum(p.play_count) as play_count,
        sum(p.listen_count) as listen_count,
        sum(p.skip_count) as skip_count,
        sum(p.whole_count) as whole_count
    from user_plays as p
    inner join {{ ref('int_user_day_groups') }} as g
        on p.source = g.source and p.user_key = g.user_key and p.date_day = g.date_day
    group by p.source, p.date_day, g.dimension, g.value
)

{% set sums = ['play_count', 'listen_count', 'skip_count', 'whole_count'] %}
{{ k_anonymous('listening_groups', ['source', 'date_day', 'dimension'], 'value', sums) }}
