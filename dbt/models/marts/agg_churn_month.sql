-- Grain: one row per source and month. Churn: of the users on paid when the month began, those who are not at its end
-- (downgraded, or closed the account). The end of the running month is the source's last event.
{{ config(tags=['daily']) }}
with months as (
    select
        d.source,
        d.month_start_date,
        min(m.as_of) >= cast({{ plus_months('d.month_start_date', 1) }} as timestamp) as is_complete
    from {{ ref('int_source_days') }} as d
    inner join {{ ref('agg_metrics') }} as m on d.source = m.source
    group by d.source, d.month_start_date
),

counted as (
    select
        source,
        month_start_date,
        cast(sum(at_start) as bigint) as paid_at_start_count,
        cast(sum(at_start * (1 - at_end)) as bigint) as lost_count,
        cast(sum(at_end) as bigint) as paid_at_end_count
    from {{ ref('int_paid_months') }}
    group by source, month_start_date
)

select
    m.source,
    m.month_start_date,
    coalesce(c.paid_at_start_count, 0) as paid_at_start_count,
    coalesce(c.lost_count, 0) as lost_count,
    coalesce(c.paid_at_end_count, 0) as paid_at_end_count,
    {{ as_double('c.lost_count') }} / nullif(c.paid_at_start_count, 0) as churn_rate,
    m.is_complete
from months as m
left join counted as c on m.source = c.source and m.month_start_date = c.month_start_date
