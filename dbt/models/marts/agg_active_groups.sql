-- Grain: one row per source, UTC day, window (1, 7 or 30 days that end with it), dimension (level, gender, device,
-- state) and value of the users active in the window, each as last seen in it. k-anonymous like agg_demographics_day.
-- A user is in a window as in agg_active_users: a running sum of who comes and who goes.
{{ config(tags=['daily']) }}
with days as (
    select
        source,
        dimension,
        value,
        date_day,
        lead(date_day) over (partition by source, dimension, user_key order by date_day) as next_day
    from {{ ref('int_user_day_groups') }}
),

moves as (
    {% for window_days in [1, 7, 30] %}
    {%- set end_day = plus_days('date_day', window_days) %}
    select
        source,
        {{ window_days }} as window_days,
        dimension,
        value,
        date_day,
        1 as step
    from days
    union all
    select
        source,
        {{ window_days }} as window_days,
        dimension,
        value,
        least({{ end_day }}, coalesce(next_day, {{ end_day }})) as date_day,
        -1 as step
    from days
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

steps as (
    select
        source,
        window_days,
        dimension,
        value,
        date_day,
        sum(step) as step
    from moves
    group by source, window_days, dimension, value, date_day
),

known_groups as (
    select distinct
        source,
        window_days,
        dimension,
        value
    from steps
),

running as (
    select
        c.source,
        c.date_day,
        g.window_days,
        g.dimension,
        g.value,
        sum(coalesce(s.step, 0)) over (
            partition by c.source, g.window_days, g.dimension, g.value order by c.date_day
        ) as user_count
    from {{ ref('int_source_days') }} as c
    inner join known_groups as g on c.source = g.source
    left join steps as s
        on
            g.source = s.source
            and g.window_days = s.window_days
            and g.dimension = s.dimension
            and g.value = s.value
            and c.date_day = s.date_day
),

active_groups as (
    select * from running
    where user_count > 0
)

{{ k_anonymous('active_groups', ['source', 'date_day', 'window_days', 'dimension'], 'value', []) }}
