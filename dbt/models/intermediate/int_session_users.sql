-- Grain: one row per session; its user is its one non-empty user, none when there are several.
select
    session_key,
    case when min(user_key) = max(user_key) then min(user_key) end as user_key
from {{ ref('int_events_unioned') }}
group by session_key
