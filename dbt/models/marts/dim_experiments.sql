-- Grain: one row per source and experiment tag (an arm); a user belongs to the first tag they were seen with.
with arms as (
    select
        source,
        user_key,
        min_by(tag, row(event_at, session_id, item_in_session)) as tag,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at
    from {{ ref('int_events') }}
    where user_key is not null and tag is not null
    group by source, user_key
)

select
    {{ hash_key(['source', 'tag']) }} as experiment_key,
    source,
    tag,
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at,
    count(*) as user_count
from arms
group by source, tag
