-- Grain: one row per user, UTC day with any event, and dimension (level, gender, device, state): the group they are in.
{{ config(materialized='view') }}
with days as (
    select
        d.source,
        d.user_key,
        d.date_day,
        d.play_count,
        d.listen_count,
        d.heard_ms,
        u.level,
        u.gender,
        u.device,
        l.state_code
    from {{ ref('fct_user_days') }} as d
    inner join {{ ref('dim_users') }} as u on d.user_version_key = u.user_version_key
    inner join {{ ref('dim_locations') }} as l on u.location_key = l.location_key
)

{% for dimension, column in [('level', 'level'), ('gender', 'gender'), ('device', 'device'), ('state', 'state_code')] %}
select
    source,
    user_key,
    date_day,
    '{{ dimension }}' as dimension,
    coalesce({{ column }}, 'unknown') as value,
    play_count,
    listen_count,
    heard_ms
from days
{% if not loop.last %}union all{% endif %}
{% endfor %}
