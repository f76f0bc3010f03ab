-- Plays said to be heard for more than twice the track's length.
select
    event_id,
    heard_ms,
    duration_ms
from {{ ref('fct_plays') }}
where heard_ms > 2 * duration_ms
