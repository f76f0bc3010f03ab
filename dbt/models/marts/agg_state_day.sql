-- Grain: one row per source, UTC day and state of the user ('other', 'unknown'). k-anonymous: groups that are too
-- small are merged or left out.
select
    source,
    date_day,
    value as state_code,
    user_count,
    play_count,
    listen_count,
    heard_ms
from {{ ref('agg_demographics_day') }}
where dimension = 'state'
