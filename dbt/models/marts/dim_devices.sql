-- Grain: one row per device class that events name, and the unknown member.
with devices as (
    select distinct device
    from {{ ref('int_events') }}
    where device is not null
)

select
    {{ hash_key(['device']) }} as device_key,
    device,
    case
        when device in ('iPhone', 'Android') then 'phone'
        when device = 'iPad' then 'tablet'
        when device in ('Windows', 'Mac', 'Linux') then 'desktop'
        else 'other'
    end as device_kind,
    false as is_unknown
from devices
union all
select
    {{ unknown_key() }} as device_key,
    null as device,
    null as device_kind,
    true as is_unknown
