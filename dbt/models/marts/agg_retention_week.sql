-- Grain: one row per source, cohort (ISO week of the first event) and week since then, up to the source's last week.
{{ config(tags=['daily']) }}
with weeks as (
    select
        source,
        week_start_date,
        count(*) = 7 as is_complete
    from {{ ref('int_source_days') }}
    group by source, week_start_date
),

cohorts as (
    select
        source,
        first_week as cohort_week,
        count(*) as cohort_user_count
    from {{ ref('int_user_weeks') }}
    where week_start_date = first_week
    group by source, first_week
),

active as (
    select
        source,
        first_week as cohort_week,
        week_start_date,
        count(*) as active_user_count
    from {{ ref('int_user_weeks') }}
    group by source, first_week, week_start_date
)

select
    c.source,
    c.cohort_week,
    cast({{ days_between('c.cohort_week', 'w.week_start_date') }} / 7 as integer) as week_number,
    c.cohort_user_count,
    coalesce(a.active_user_count, 0) as active_user_count,
    {{ as_double('coalesce(a.active_user_count, 0)') }} / c.cohort_user_count as retention,
    w.is_complete
from cohorts as c
inner join weeks as w on c.source = w.source and c.cohort_week <= w.week_start_date
left join active as a
    on c.source = a.source and c.cohort_week = a.cohort_week and w.week_start_date = a.week_start_date
