-- Grain: one row per user and interval in which level, gender, location and device stay the same.
-- Missing attributes keep their last known value (before the first one: the first), as logged-out events hide them.
{{ config(materialized='incremental', incremental_strategy='touched_users', post_hook="{{ note_changed_days() }}") }}
{% set attributes = ['level', 'gender', 'location_key', 'device'] %}
with observed as (
    select
        *,
        {% for name in attributes %}
        lag({{ name }}) over user_order as previous_{{ name }},
        {% endfor %}
        row_number() over user_order as place_of_user
    from {{ ref('int_events') }}
    where
        user_key is not null
        {% if is_incremental() %}
        and user_key in {{ touched_users() }}
        {% endif %}
    window user_order as (partition by user_key order by event_at, session_id, item_in_session)
),

filled as (
    select
        source,
        user_key,
        session_id,
        event_at,
        ingested_at,
        {% for name in attributes %}
        coalesce(
            {{ known('last_value', name, 'so_far') }}, {{ known('first_value', name, 'from_now') }}
        ) as {{ name }},
        {% endfor %}
        row_number() over (
            partition by user_key, event_at order by session_id desc, item_in_session desc
        ) as place_at_instant
    from observed
    where
        place_of_user = 1
        {% for name in attributes %}
        or {{ name }} is distinct from previous_{{ name }}
        {% endfor %}
    window
        so_far as (
            partition by user_key order by event_at, session_id, item_in_session
            rows between unbounded preceding and current row
        ),
        from_now as (
            partition by user_key order by event_at, session_id, item_in_session
            rows between current row and unbounded following
        )
),

at_instants as (
    -- An instant has one state: the last one seen at it.
    select
        *,
        {% for name in attributes %}
        lag({{ name }}) over user_order as previous_{{ name }},
        {% endfor %}
        row_number() over user_order as place_of_user
    from filled
    where place_at_instant = 1
    window user_order as (partition by user_key order by event_at)
),

starts as (
    select * from at_instants
    where
        place_of_user = 1
        {% for name in attributes %}
        or {{ name }} is distinct from previous_{{ name }}
        {% endfor %}
)

select
    {{ hash_key(['user_key', ms_of('event_at')]) }} as user_version_key,
    source,
    user_key,
    event_at as valid_from,
    lead(event_at) over user_order as valid_to,
    level,
    previous_level,
    gender,
    coalesce(location_key, {{ unknown_key() }}) as location_key,
    device,
    {{ hash_key(['source', 'session_id']) }} as session_key,
    ingested_at,
    cast(row_number() over user_order as integer) as version_number,
    min(event_at) over (partition by user_key) as first_seen_at
from starts
window user_order as (partition by user_key order by event_at)
