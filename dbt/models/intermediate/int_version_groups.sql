-- Grain: one row per version of a user: the groups that it puts them in.
{{ config(materialized='view') }}
select
    u.user_version_key,
    u.source,
    u.user_key,
    u.level,
    u.gender,
    u.device,
    l.state_code as state
from {{ ref('dim_users') }} as u
inner join {{ ref('dim_locations') }} as l on u.location_key = l.location_key
