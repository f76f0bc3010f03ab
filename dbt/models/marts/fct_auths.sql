-- Grain: one row per auth event: the event after a Login, successful or not.
{{ config(materialized='incremental', incremental_strategy='touched_facts', meta={'instant': 'authed_at'}) }}
select
    p.event_id,
    p.source,
    s.session_key,
    coalesce(p.user_key, s.user_key) as user_key,
    coalesce(v.user_version_key, {{ unknown_key() }}) as user_version_key,
    p.location_key,
    p.event_at as authed_at,
    p.event_date as authed_date,
    p.item_in_session,
    p.is_success,
    p.level,
    p.device,
    p.tag,
    p.ingested_at
from {{ ref('stg_events__auths') }} as p
left join {{ ref('int_session_users') }} as s on p.source = s.source and p.session_id = s.session_id
{{ join_user_version('p', 'event_at', 'coalesce(p.user_key, s.user_key)') }}
{% if is_incremental() %}
where
    {{ is_since_touched('p') }}
    and {{ is_touched('p.event_at', 's.session_key', 'coalesce(p.user_key, s.user_key)') }}
{% endif %}
