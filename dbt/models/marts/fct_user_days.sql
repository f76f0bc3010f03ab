-- Grain: one row per user and UTC day with any event.
{{ config(materialized='incremental', incremental_strategy='touched_user_days') }}
with session_days as (
    select
        source,
        session_id,
        user_key,
        event_date as date_day,
        count(*) as event_count,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        max(ingested_at) as ingested_at
    from {{ ref('int_events') }}
    where
        user_key is not null
        {% if is_incremental() %}
        and event_at >= cast({{ touched_since() }} as date) and user_key in {{ touched_users() }}
        {% endif %}
    group by source, session_id, user_key, event_date
),

actions as (
    select
        source,
        user_key,
        date_day,
        cast(sum(event_count) as bigint) as event_count,
        count(*) as session_count,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at,
        max(ingested_at) as ingested_at
    from session_days
    group by source, user_key, date_day
),

plays as (
    select
        user_key,
        played_date as date_day,
        count(*) as play_count,
        sum(cast(is_listen as integer)) as listen_count,
        sum(heard_ms) as heard_ms
    from {{ ref('fct_plays') }}
    where
        user_key is not null
        {% if is_incremental() %}
        and played_at >= cast({{ touched_since() }} as date) and user_key in {{ touched_users() }}
        {% endif %}
    group by user_key, played_date
)

select
    a.source,
    a.user_key,
    a.date_day,
    v.user_version_key,
    v.level,
    a.event_count,
    coalesce(p.play_count, 0) as play_count,
    cast(coalesce(p.listen_count, 0) as bigint) as listen_count,
    cast(coalesce(p.heard_ms, 0) as bigint) as heard_ms,
    a.session_count,
    a.first_event_at,
    a.last_event_at,
    a.ingested_at
from actions as a
left join plays as p on a.user_key = p.user_key and a.date_day = p.date_day
{{ join_user_version('a', 'last_event_at', 'a.user_key') }}
