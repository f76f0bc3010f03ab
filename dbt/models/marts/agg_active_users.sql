-- Grain: one row per source and UTC day between its first and its last event.
-- A user is in a window of n days from each active day until n days later or the next active day, whichever is first;
-- so the count at a day is a running sum, and no set of users is ever counted twice. It may start a window earlier.
{{ config(materialized='incremental', incremental_strategy='from_first_touched_day') }}
with days as (
    select
        source,
        date_day,
        lead(date_day) over (partition by source, user_key order by date_day) as next_day
    from {{ ref('fct_user_days') }}
    {% if is_incremental() %}
    where date_day > {{ plus_days(first_touched_day(), -30) }}
    {% endif %}
),

moves as (
    {% for window_days in [1, 7, 30] %}
    select
        source,
        {{ window_days }} as window_days,
        date_day,
        1 as step
    from days
    union all
    select
        source,
        {{ window_days }} as window_days,
        least({{ plus_days('date_day', window_days) }}, coalesce(next_day, {{ plus_days('date_day', window_days) }}))
            as date_day,
        -1 as step
    from days
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

steps as (
    select
        source,
        date_day,
        sum(case when window_days = 1 then step else 0 end) as dau_step,
        sum(case when window_days = 7 then step else 0 end) as wau_step,
        sum(case when window_days = 30 then step else 0 end) as mau_step
    from moves
    group by source, date_day
),

running as (
    select
        c.source,
        c.date_day,
        {{ days_between('c.first_day', 'c.date_day') }} + 1 as observed_day_count,
        sum(coalesce(s.dau_step, 0)) over so_far as dau,
        sum(coalesce(s.wau_step, 0)) over so_far as wau,
        sum(coalesce(s.mau_step, 0)) over so_far as mau
    from {{ ref('int_source_days') }} as c
    left join steps as s on c.source = s.source and c.date_day = s.date_day
    window so_far as (partition by c.source order by c.date_day)
)

select
    source,
    date_day,
    cast(dau as bigint) as dau,
    cast(wau as bigint) as wau,
    cast(mau as bigint) as mau,
    {{ as_double('dau') }} / nullif(mau, 0) as stickiness,
    cast(observed_day_count as bigint) as observed_day_count
from running
{% if is_incremental() %}
where date_day >= {{ first_touched_day() }}
{% endif %}
