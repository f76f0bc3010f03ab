-- Grain: one row per user and interval [valid_from, valid_to) in which level and attributes stay the same.
{{ config(materialized='incremental', incremental_strategy='touched_users') }}
select
    user_version_key,
    source,
    user_key,
    valid_from,
    valid_to,
    valid_to is null as is_current,
    version_number,
    level,
    gender,
    location_key,
    device,
    first_seen_at,
    false as is_unknown
from {{ ref('int_user_versions') }}
{% if is_incremental() %}
where user_key in {{ touched_users() }}
{% else %}
union all
select
    {{ unknown_key() }} as user_version_key,
    cast(null as string) as source,
    {{ unknown_key() }} as user_key,
    null as valid_from,
    null as valid_to,
    true as is_current,
    1 as version_number,
    null as level,
    null as gender,
    {{ unknown_key() }} as location_key,
    null as device,
    null as first_seen_at,
    true as is_unknown
{% endif %}
