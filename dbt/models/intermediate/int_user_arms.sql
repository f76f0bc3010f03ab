-- Grain: one row per user who was seen with an experiment tag: the arm they belong to is their first tag.
{{ config(materialized='incremental', incremental_strategy='touched_users') }}
select
    source,
    user_key,
    {{ first_by('tag', ['event_at', 'session_id', 'item_in_session']) }} as tag,
    min(event_at) as first_event_at,
    max(event_at) as last_event_at
from {{ ref('int_events') }}
where
    user_key is not null
    and tag is not null
    {% if is_incremental() %}
    and user_key in {{ touched_users() }}
    {% endif %}
group by source, user_key
