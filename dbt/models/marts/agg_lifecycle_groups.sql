-- Grain: one row per source, ISO week, state (new, returning, resurrected, dormant, as in agg_lifecycle_week),
-- dimension (level, gender, device, state) and value of the users in that state, each as last seen in the week; the
-- dormant, in the week before. k-anonymous like agg_demographics_day.
{{ config(tags=['daily']) }}
with states as (
    select
        source,
        user_key,
        week_start_date,
        week_start_date as seen_week,
        case
            when week_start_date = first_week then 'new'
            when previous_week = {{ plus_days('week_start_date', -7) }} then 'returning'
            else 'resurrected'
        end as lifecycle
    from {{ ref('int_user_weeks') }}
    union all
    select
        source,
        user_key,
        {{ plus_days('week_start_date', 7) }} as week_start_date,
        week_start_date as seen_week,
        'dormant' as lifecycle
    from {{ ref('int_user_weeks') }}
    where next_week is null or next_week > {{ plus_days('week_start_date', 7) }}
),

calendar as (
    select distinct
        source,
        week_start_date
    from {{ ref('int_source_days') }}
),

users as (
    select
        s.source,
        s.week_start_date,
        s.lifecycle,
        w.level,
        w.gender,
        w.device,
        w.state
    from states as s
    inner join calendar as c on s.source = c.source and s.week_start_date = c.week_start_date
    inner join {{ ref('int_user_windows') }} as w
        on
            s.source = w.source
            and s.user_key = w.user_key
            and w.window_kind = 'week'
            and s.seen_week = w.window_start_date
),

{{ shown_by_group('users', ['source', 'week_start_date', 'lifecycle'], []) }}
