-- Sessions that show several users: their logged-out events have no user.
select
    session_key,
    count(distinct user_key) as user_count
from {{ ref('int_events') }}
group by session_key
having count(distinct user_key) > 1
