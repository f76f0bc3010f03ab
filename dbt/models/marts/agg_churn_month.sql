-- Grain: one row per source and month. Churn: of the users on paid when the month began, those who are not at its end
-- (downgraded, or closed the account). The end of the running month is the source's last event.
{{ config(tags=['daily']) }}
with months as (
    select
        d.source,
        d.month_start_date,
        cast(d.month_start_date as timestamp) as begins_at,
        least(cast({{ next_month('d.month_start_date') }} as timestamp), min(m.as_of)) as ends_at,
        min(m.as_of) >= cast({{ next_month('d.month_start_date') }} as timestamp) as is_complete
    from {{ ref('int_source_days') }} as d
    inner join {{ ref('agg_metrics') }} as m on d.source = m.source
    group by d.source, d.month_start_date
),

at_start as (
    select distinct
        m.source,
        m.month_start_date,
        s.user_key
    from months as m
    inner join {{ ref('int_paid_spells') }} as s
        on m.source = s.source and m.begins_at >= s.paid_from and (s.paid_to is null or m.begins_at < s.paid_to)
),

at_end as (
    select distinct
        m.source,
        m.month_start_date,
        s.user_key
    from months as m
    inner join {{ ref('int_paid_spells') }} as s
        on m.source = s.source and m.ends_at >= s.paid_from and (s.paid_to is null or m.ends_at < s.paid_to)
),

counted as (
    select
        b.source,
        b.month_start_date,
        count(*) as paid_at_start_count,
        count(*) - count(e.user_key) as lost_count
    from at_start as b
    left join at_end as e
        on b.source = e.source and b.month_start_date = e.month_start_date and b.user_key = e.user_key
    group by b.source, b.month_start_date
),

ended as (
    select
        source,
        month_start_date,
        count(*) as paid_at_end_count
    from at_end
    group by source, month_start_date
)

select
    m.source,
    m.month_start_date,
    coalesce(c.paid_at_start_count, 0) as paid_at_start_count,
    coalesce(c.lost_count, 0) as lost_count,
    coalesce(e.paid_at_end_count, 0) as paid_at_end_count,
    cast(c.lost_count as double) / c.paid_at_start_count as churn_rate,
    m.is_complete
from months as m
left join counted as c on m.source = c.source and m.month_start_date = c.month_start_date
left join ended as e on m.source = e.source and m.month_start_date = e.month_start_date
