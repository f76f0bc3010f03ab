-- Grain: one row per source: what there is of it, and as of when.
with actions as (
    select
        source,
        min(event_at) as first_event_at,
        max(event_at) as as_of,
        count(*) as event_count,
        count(distinct user_key) as user_count,
        max(ingested_at) as last_ingested_at
    from {{ ref('int_events') }}
    group by source
),

days as (
    select
        source,
        cast(sum(play_count) as bigint) as play_count,
        cast(sum(listen_count) as bigint) as listen_count,
        cast(sum(heard_ms) as bigint) as heard_ms,
        cast(sum(session_count) as bigint) as session_count
    from {{ ref('agg_day') }}
    group by source
)

select
    a.source,
    a.first_event_at,
    a.as_of,
    a.event_count,
    a.user_count,
    d.session_count,
    d.play_count,
    d.listen_count,
    d.heard_ms,
    a.last_ingested_at
from actions as a
inner join days as d on a.source = d.source
