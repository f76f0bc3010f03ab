-- Grain: one row per source and UTC day between its first and its last event, days without events too.
with bounds as (
    select
        source,
        min(date_day) as first_day,
        max(date_day) as last_day
    from {{ ref('agg_day') }}
    group by source
)

select
    b.source,
    d.date_day,
    d.week_start_date,
    d.month_start_date,
    b.first_day,
    b.last_day
from bounds as b
inner join {{ ref('dim_dates') }} as d on b.first_day <= d.date_day and b.last_day >= d.date_day
