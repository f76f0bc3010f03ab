-- Grain: one row per play: its place among the session's plays, and how long it was heard. Session, place in it and
-- instant tell plays apart, as event_id is a hash of them, and are shorter.
{{ config(materialized='incremental', incremental_strategy='touched_sessions', meta={'instant': 'event_at'}) }}
with moments as (
    select
        l.source,
        l.session_id,
        l.event_at,
        l.item_in_session,
        l.duration_ms,
        l.played_ms,
        0 as is_end
    from {{ ref('stg_events__listens') }} as l
    {% if is_incremental() %}
    where {{ is_since_touched('l') }} and {{ is_of_touched_session('l') }}
    {% endif %}
    union all
    select
        v.source,
        v.session_id,
        v.event_at,
        v.item_in_session,
        null as duration_ms,
        null as played_ms,
        1 as is_end
    from {{ ref('stg_events__page_views') }} as v
    where
        v.page in ('Logout', 'Cancel')
        {% if is_incremental() %}
        and {{ is_since_touched('v') }} and {{ is_of_touched_session('v') }}
        {% endif %}
),

ordered as (
    select
        *,
        lead(event_at) over session_order as ends_at,
        sum(1 - is_end) over session_order as session_position
    from moments
    window session_order as (partition by source, session_id order by event_at, item_in_session, is_end)
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
    source,
    session_id,
    item_in_session,
    event_at,
    cast(session_position as integer) as session_position,
    heard_ms,
    is_heard_estimated,
    coalesce(heard_ms >= {{ var('listen_threshold_ms') }}, false)
    or coalesce(heard_ms >= duration_ms, false)
    or (is_last and is_heard_estimated) as is_listen
from heard
