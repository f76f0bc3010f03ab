-- Sessions that show several users: their logged-out events have no user.
select
    source,
    session_id,
    count(distinct user_key) as user_count
from {{ ref('int_events') }}
group by source, session_id
having count(distinct user_key) > 1
