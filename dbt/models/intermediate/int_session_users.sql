-- Grain: one row per session; its user is its one non-empty user, none when there are several.
{{ config(materialized='incremental', incremental_strategy='touched_sessions') }}
select
    session_key,
    case when min(user_key) = max(user_key) then min(user_key) end as user_key
from {{ ref('int_events_unioned') }}
{% if is_incremental() %}
where event_at >= {{ touched_since() }} and session_key in {{ touched_sessions() }}
{% endif %}
group by session_key
