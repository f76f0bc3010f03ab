-- Grain: one row per source, cohort (ISO week of the first event), week since then, dimension (level, gender, device,
-- state) and value of the cohort's users, each as last seen in its week. k-anonymous like agg_demographics_day, by the
-- cohort's users, so that a group is the same in all weeks.
{{ config(tags=['daily']) }}
with weeks as (
    select distinct
        source,
        week_start_date
    from {{ ref('int_source_days') }}
),

cohorts as (
    select
        u.source,
        u.user_key,
        u.first_week as cohort_week,
        w.level,
        w.gender,
        w.device,
        w.state
    from {{ ref('int_user_weeks') }} as u
    inner join {{ ref('int_user_windows') }} as w
        on
            u.source = w.source
            and u.user_key = w.user_key
            and w.window_kind = 'week'
            and u.first_week = w.window_start_date
    where u.week_start_date = u.first_week
),

users as (
    select
        c.source,
        c.cohort_week,
        cast({{ days_between('c.cohort_week', 'w.week_start_date') }} / 7 as integer) as week_number,
        c.level,
        c.gender,
        c.device,
        c.state,
        case when a.user_key is null then 0 else 1 end as active_user_count
    from cohorts as c
    inner join weeks as w on c.source = w.source and c.cohort_week <= w.week_start_date
    left join {{ ref('int_user_weeks') }} as a
        on c.source = a.source and c.user_key = a.user_key and w.week_start_date = a.week_start_date
),

{{ shown_by_group('users', ['source', 'cohort_week', 'week_number'], ['active_user_count']) }}
