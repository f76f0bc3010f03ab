-- Grain: one row per action of a client: session, place in it, instant and user. The events that tell of the same
-- action (a play is a listen event and a page view) are one row. Grouped by what a session's key is made of, not by the
-- key itself: which is longer.
{{ config(materialized='incremental', incremental_strategy='touched_sessions', meta={'instant': 'event_at'}) }}
select
    e.source,
    {{ hash_key(['e.source', 'e.session_id']) }} as session_key,
    e.session_id,
    e.item_in_session,
    e.event_at,
    e.event_date,
    coalesce(e.user_key, s.user_key) as user_key,
    min(e.level) as level,
    min(e.location_key) as location_key,
    min(e.gender) as gender,
    min(e.device) as device,
    min(e.tag) as tag,
    min(e.ingested_at) as ingested_at
from {{ ref('int_events_unioned') }} as e
inner join {{ ref('int_session_users') }} as s on e.session_key = s.session_key
{% if is_incremental() %}
where e.event_at >= {{ touched_since() }} and e.session_key in {{ touched_sessions() }}
{% endif %}
group by
    e.source,
    e.session_id,
    e.item_in_session,
    e.event_at,
    e.event_date,
    coalesce(e.user_key, s.user_key)
