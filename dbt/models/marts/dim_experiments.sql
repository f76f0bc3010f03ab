-- Grain: one row per source and experiment tag (an arm); a user belongs to the first tag they were seen with.
select
    {{ hash_key(['source', 'tag']) }} as experiment_key,
    source,
    tag,
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at,
    count(*) as user_count
from {{ ref('int_user_arms') }}
group by source, tag
