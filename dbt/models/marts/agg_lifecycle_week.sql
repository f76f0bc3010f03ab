-- Grain: one row per source and ISO week between its first and its last event.
-- new: first week ever; returning: also active the week before; resurrected: came back after a gap; dormant: active the
-- week before, not in this one.
{{ config(tags=['daily']) }}
with calendar as (
    select
        source,
        week_start_date,
        count(*) = 7 as is_complete
    from {{ ref('int_source_days') }}
    group by source, week_start_date
),

active as (
    select
        source,
        week_start_date,
        count(*) as active_user_count,
        sum(case when week_start_date = first_week then 1 else 0 end) as new_user_count,
        sum(case when previous_week = {{ plus_days('week_start_date', -7) }} then 1 else 0 end) as returning_user_count,
        sum(case when previous_week < {{ plus_days('week_start_date', -7) }} then 1 else 0 end)
            as resurrected_user_count
    from {{ ref('int_user_weeks') }}
    group by source, week_start_date
),

dormant as (
    select
        source,
        {{ plus_days('week_start_date', 7) }} as week_start_date,
        count(*) as dormant_user_count
    from {{ ref('int_user_weeks') }}
    where next_week is null or next_week > {{ plus_days('week_start_date', 7) }}
    group by source, week_start_date
)

select
    c.source,
    c.week_start_date,
    coalesce(a.active_user_count, 0) as active_user_count,
    cast(coalesce(a.new_user_count, 0) as bigint) as new_user_count,
    cast(coalesce(a.returning_user_count, 0) as bigint) as returning_user_count,
    cast(coalesce(a.resurrected_user_count, 0) as bigint) as resurrected_user_count,
    coalesce(d.dormant_user_count, 0) as dormant_user_count,
    c.is_complete
from calendar as c
left join active as a on c.source = a.source and c.week_start_date = a.week_start_date
left join dormant as d on c.source = d.source and c.week_start_date = d.week_start_date
