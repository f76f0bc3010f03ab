-- Grain: one row per source, month, dimension (gender, device, state) and value of the users on paid when it began,
-- each as they were then: how many were lost by its end, as in agg_churn_month. k-anonymous like agg_demographics_day.
{{ config(tags=['daily']) }}
with users as (
    select
        m.source,
        m.month_start_date,
        1 - m.at_end as lost_count,
        g.gender,
        g.device,
        g.state
    from {{ ref('int_paid_months') }} as m
    inner join {{ ref('int_version_groups') }} as g on m.version_at_start = g.user_version_key
    where m.at_start = 1
),

{{ shown_by_group('users', ['source', 'month_start_date'], ['lost_count'], ['gender', 'device', 'state']) }}
