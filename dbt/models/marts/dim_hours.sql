-- Grain: one row per hour of the day, UTC.
with hours as (
    select cast(hour_number as integer) as hour_of_day
    from (select 1 as one) as only_row
    {{ with_each(numbers(0, 23), 'hour_number') }}
)

select
    hour_of_day,
    case
        when hour_of_day < 6 then 'night'
        when hour_of_day < 12 then 'morning'
        when hour_of_day < 18 then 'afternoon'
        else 'evening'
    end as part_of_day,
    lpad(cast(hour_of_day as string), 2, '0') || ':00' as label
from hours
