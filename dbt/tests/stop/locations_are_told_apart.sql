-- The first twelve digits of a location's key say which one it is: int_events counts on that.
select left(location_key, 12) as location_start
from {{ ref('dim_locations') }}
where not is_unknown
group by left(location_key, 12)
having count(*) > 1
