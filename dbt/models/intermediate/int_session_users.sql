-- Grain: one row per session; its user is its one non-empty user, none when there are several.
{{ config(materialized='incremental', incremental_strategy='touched_sessions') }}
with users as (
    select
        e.source,
        e.session_id,
        min(e.user_key) as first_user_key,
        max(e.user_key) as last_user_key
    from {{ ref('int_events_unioned') }} as e
    {% if is_incremental() %}
    where {{ is_since_touched('e') }} and {{ is_of_touched_session('e') }}
    {% endif %}
    group by e.source, e.session_id
)

select
    {{ hash_key(['source', 'session_id']) }} as session_key,
    source,
    session_id,
    case when first_user_key = last_user_key then first_user_key end as user_key
from users
