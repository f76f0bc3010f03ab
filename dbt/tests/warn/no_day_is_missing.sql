-- Days without any event between the first and the last day of a source.
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
    d.date_day
from bounds as b
inner join {{ ref('dim_dates') }} as d on b.first_day < d.date_day and b.last_day > d.date_day
left join {{ ref('agg_day') }} as a on b.source = a.source and d.date_day = a.date_day
where a.date_day is null
