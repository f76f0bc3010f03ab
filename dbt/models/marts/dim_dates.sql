-- Grain: one row per day, from the year before the first event to the year after the last one: it can't run out.
with bounds as (
    select
        date_trunc('year', min(event_date)) - interval 1 year as first_day,
        date_trunc('year', max(event_date)) + interval 2 year as end_day
    from {{ ref('int_events') }}
),

days as (
    select cast(unnest(generate_series(first_day, end_day - interval 1 day, interval 1 day)) as date) as date_day
    from bounds
)

select
    d.date_day,
    cast(year(d.date_day) as integer) as year_number,
    cast(quarter(d.date_day) as integer) as quarter_number,
    cast(month(d.date_day) as integer) as month_number,
    cast(date_trunc('month', d.date_day) as date) as month_start_date,
    cast(isoyear(d.date_day) as integer) as iso_year,
    cast(week(d.date_day) as integer) as iso_week,
    cast(date_trunc('week', d.date_day) as date) as week_start_date,
    cast(isodow(d.date_day) as integer) as iso_weekday,
    dayname(d.date_day) as weekday_name,
    isodow(d.date_day) >= 6 as is_weekend,
    h.holiday_date is not null as is_holiday,
    h.holiday_name
from days as d
left join {{ source('calendar', 'holidays') }} as h on d.date_day = h.holiday_date
