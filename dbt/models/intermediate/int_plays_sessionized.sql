-- Grain: one row per play: its place among the session's plays, and how long it was heard.
{{ config(materialized='incremental', incremental_strategy='touched_sessions') }}
with moments as (
    select
        event_id,
        session_key,
        event_at,
        item_in_session,
        1 as is_play,
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
        0 as is_play,
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
        event_id,
        is_play,
        lead(event_at) over session_order as ends_at,
        sum(is_play) over session_order as session_position
    from moments
    window session_order as (partition by session_key order by event_at, item_in_session, is_end, event_id)
),

timed as (
    select
        l.*,
        o.ends_at is null as is_last,
        cast(o.session_position as integer) as session_position,
        {{ ms_between('l.event_at', 'o.ends_at') }} as gap_ms
    from {{ ref('stg_events__listens') }} as l
    inner join ordered as o on l.event_id = o.event_id and o.is_play = 1
    {% if is_incremental() %}
    where l.event_at >= {{ touched_since() }}
    {% endif %}
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
    * exclude (is_last, gap_ms, played_ms),
    coalesce(heard_ms >= {{ var('listen_threshold_ms') }}, false)
    or coalesce(heard_ms >= duration_ms, false)
    or (is_last and is_heard_estimated) as is_listen
from heard
