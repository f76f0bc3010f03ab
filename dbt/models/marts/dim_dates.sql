-- Grain: one row per day, from the year before the first event to the year after the last one: it can't run out.
with bounds as (
    select
        {{ plus_months(start_of('year', 'min(event_date)'), -12) }} as first_day,
        {{ plus_months(start_of('year', 'max(event_date)'), 24) }} as end_day
    from {{ ref('int_events') }}
),

days as (
    select {{ plus_days('first_day', 'cast(day_number as integer)') }} as date_day
    from (select first_day, {{ days_between('first_day', 'end_day') }} as day_count from bounds) as b
    {{ with_each(numbers(0, 'day_count - 1'), 'day_number') }}
)

select
    d.date_day,
    cast(extract(year from d.date_day) as integer) as year_number,
    cast(extract(quarter from d.date_day) as integer) as quarter_number,
    cast(extract(month from d.date_day) as integer) as month_number,
    {{ start_of('month', 'd.date_day') }} as month_start_date,
    cast({{ iso_year('d.date_day') }} as integer) as iso_year,
    cast({{ iso_week('d.date_day') }} as integer) as iso_week,
    {{ start_of('week', 'd.date_day') }} as week_start_date,
    cast({{ iso_weekday('d.date_day') }} as integer) as iso_weekday,
    {{ weekday_name('d.date_day') }} as weekday_name,
    {{ iso_weekday('d.date_day') }} >= 6 as is_weekend,
    h.holiday_date is not null as is_holiday,
    h.holiday_name
from days as d
left join {{ source('calendar', 'holidays') }} as h on d.date_day = h.holiday_date
