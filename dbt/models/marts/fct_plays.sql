-- Grain: one row per play (listen event). No join adds or loses rows: the keys joined on are unique, and each is there.
-- The joins are `left` although: so engines know that plays stay as many, and keep what is joined in memory, not plays.
{{ config(materialized='incremental', incremental_strategy='touched_facts', meta={'instant': 'played_at'}) }}
select
    p.event_id,
    p.source,
    s.session_key,
    coalesce(p.user_key, s.user_key) as user_key,
    coalesce(v.user_version_key, {{ unknown_key() }}) as user_version_key,
    m.track_key,
    m.artist_key,
    p.location_key,
    p.event_at as played_at,
    p.event_date as played_date,
    p.item_in_session,
    h.session_position,
    p.level,
    p.auth,
    p.gender,
    p.device,
    p.tag,
    p.artist,
    p.song,
    p.duration_ms,
    h.heard_ms,
    h.is_heard_estimated,
    h.is_listen,
    p.ingested_at
from {{ ref('stg_events__listens') }} as p
left join {{ ref('int_plays_sessionized') }} as h
    on
        p.source = h.source
        and p.session_id = h.session_id
        and p.item_in_session = h.item_in_session
        and p.event_at = h.event_at
left join {{ ref('int_session_users') }} as s on p.source = s.source and p.session_id = s.session_id
left join {{ ref('int_track_matches') }} as m
    on
        p.track_id is not distinct from m.track_id
        and p.artist is not distinct from m.artist
        and p.song is not distinct from m.song
        and p.duration_ms is not distinct from m.duration_ms
{{ join_user_version('p', 'event_at', 'coalesce(p.user_key, s.user_key)') }}
{% if is_incremental() %}
where
    h.event_at >= {{ touched_since() }}
    and {{ is_since_touched('p') }}
    and {{ is_touched('p.event_at', 's.session_key', 'coalesce(p.user_key, s.user_key)') }}
{% endif %}
