-- Grain: one row per play: its place among the session's plays, and how long it was heard.
{{ config(materialized='incremental', incremental_strategy='touched_sessions', meta={'instant': 'event_at'}) }}
with moments as (
    select
        event_id,
        session_key,
        event_at,
        item_in_session,
        duration_ms,
        played_ms,
        0 as is_end
    from {{ ref('stg_events__listens') }}
    {% if is_incremental() %}
    where event_at >= {{ touched_since() }} and session_key in {{ touched_sessions() }}
    {% endif %}
    union all
    select
        event_id,
        session_key,
        event_at,
        item_in_session,
        null as duration_ms,
        null as played_ms,
        1 as is_end
    from {{ ref('stg_events__page_views') }}
    where
        page in ('Logout', 'Cancel')
        {% if is_incremental() %}
        and event_at >= {{ touched_since() }} and session_key in {{ touched_sessions() }}
        {% endif %}
),

ordered as (
    select
        *,
        lead(event_at) over session_order as ends_at,
        sum(1 - is_end) over session_order as session_position
    from moments
    window session_order as (partition by session_key order by event_at, item_in_session, is_end, event_id)
),

timed as (
    select
        *,
        ends_at is null as is_last,
        {{ ms_between('event_at', 'ends_at') }} as gap_ms
    from ordered
    where is_end = 0
),

heard as (
    select
        *,
        played_ms is null as is_heard_estimated,
        case
            when played_ms is not null then played_ms
            when is_last then duration_ms
            else least(coalesce(duration_ms, gap_ms), gap_ms)
        end as heard_ms
    from timed
)

select
    event_id,
    session_key,
    event_at,
    cast(session_position as integer) as session_position,
    heard_ms,
    is_heard_estimated,
    coalesce(heard_ms >= {{ var('listen_threshold_ms') }}, false)
    or coalesce(heard_ms >= duration_ms, false)
    or (is_last and is_heard_estimated) as is_listen
from heard
