-- Grain: one row per session (source, session id).
{{ config(materialized='incremental', incremental_strategy='touched_facts', meta={'instant': 'started_at'}) }}
with touched as (
    -- Sessions with changes, and those of touched users that began since: these may be in another version of the user.
    {% if is_incremental() %}
    select
        source,
        session_id
    from changes.sessions
    union distinct
    select
        source,
        session_id
    from {{ this }}
    where started_at >= {{ touched_since() }} and user_key in {{ touched_users() }}
    {% else %}
    select
        source,
        session_id
    from {{ ref('int_session_users') }}
    {% endif %}
),

actions as (
    select
        source,
        session_id,
        min(event_at) as started_at,
        max(event_at) as ended_at,
        count(*) as event_count,
        {{ first_by('level', ['event_at', 'item_in_session']) }} as level_at_start,
        {{ last_by('level', ['event_at', 'item_in_session']) }} as level_at_end,
        {{ first_by('device', ['event_at', 'item_in_session']) }} as device,
        {{ first_by('location_key', ['event_at', 'item_in_session']) }} as location_key,
        {{ first_by('tag', ['event_at', 'item_in_session']) }} as tag,
        max(ingested_at) as ingested_at
    from {{ ref('int_events') }}
    {% if is_incremental() %}
    where
        event_at >= {{ touched_since() }}
        and (source, session_id) in (
            select
                t.source,
                t.session_id
            from touched as t
        )
    {% endif %}
    group by source, session_id
),

plays as (
    select
        source,
        session_id,
        count(*) as play_count,
        sum(cast(is_listen as integer)) as listen_count,
        sum(heard_ms) as heard_ms
    from {{ ref('int_plays_sessionized') }}
    {% if is_incremental() %}
    where
        event_at >= {{ touched_since() }}
        and (source, session_id) in (
            select
                t.source,
                t.session_id
            from touched as t
        )
    {% endif %}
    group by source, session_id
),

views as (
    select
        source,
        session_id,
        count(*) as page_view_count,
        sum(cast(status >= 400 as integer)) as error_count
    from {{ ref('stg_events__page_views') }}
    {% if is_incremental() %}
    where
        event_date >= cast({{ touched_since() }} as date)
        and event_at >= {{ touched_since() }}
        and (source, session_id) in (
            select
                t.source,
                t.session_id
            from touched as t
        )
    {% endif %}
    group by source, session_id
)

select
    s.session_key,
    a.source,
    a.session_id,
    s.user_key,
    coalesce(v.user_version_key, {{ unknown_key() }}) as user_version_key,
    coalesce(a.location_key, {{ unknown_key() }}) as location_key,
    a.device,
    a.tag,
    a.started_at,
    a.ended_at,
    cast(a.started_at as date) as started_date,
    {{ ms_between('a.started_at', 'a.ended_at') }} as duration_ms,
    a.event_count,
    coalesce(w.page_view_count, 0) as page_view_count,
    coalesce(p.play_count, 0) as play_count,
    cast(coalesce(p.listen_count, 0) as bigint) as listen_count,
    cast(coalesce(p.heard_ms, 0) as bigint) as heard_ms,
    cast(coalesce(w.error_count, 0) as bigint) as error_count,
    a.level_at_start,
    a.level_at_end,
    a.ingested_at
from actions as a
inner join {{ ref('int_session_users') }} as s on a.source = s.source and a.session_id = s.session_id
left join plays as p on a.source = p.source and a.session_id = p.session_id
left join views as w on a.source = w.source and a.session_id = w.session_id
{{ join_user_version('a', 'started_at', 's.user_key') }}
