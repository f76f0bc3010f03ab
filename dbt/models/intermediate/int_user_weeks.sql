-- Grain: one row per user and ISO week with any event, with the weeks before and after it in which they were active.
{{ config(tags=['daily']) }}
with weeks as (
    select distinct
        source,
        user_key,
        {{ start_of('week', 'date_day') }} as week_start_date
    from {{ ref('fct_user_days') }}
)

select
    source,
    user_key,
    week_start_date,
    min(week_start_date) over (partition by source, user_key) as first_week,
    lag(week_start_date) over user_order as previous_week,
    lead(week_start_date) over user_order as next_week
from weeks
window user_order as (partition by source, user_key order by week_start_date)
