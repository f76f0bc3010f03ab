-- Grain: one row per source: what there is of it, and as of when.
with sessions as (
    select
        source,
        min(started_at) as first_event_at,
        max(ended_at) as as_of,
        count(*) as session_count,
        max(ingested_at) as last_ingested_at
    from {{ ref('fct_sessions') }}
    group by source
),

users as (
    select
        source,
        count(*) as user_count
    from {{ ref('dim_users') }}
    where version_number = 1 and not is_unknown
    group by source
),

days as (
    select
        source,
        cast(sum(event_count) as bigint) as event_count,
        cast(sum(play_count) as bigint) as play_count,
        cast(sum(listen_count) as bigint) as listen_count,
        cast(sum(heard_ms) as bigint) as heard_ms
    from {{ ref('agg_day') }}
    group by source
)

select
    s.source,
    s.first_event_at,
    s.as_of,
    d.event_count,
    coalesce(u.user_count, 0) as user_count,
    s.session_count,
    d.play_count,
    d.listen_count,
    d.heard_ms,
    s.last_ingested_at
from sessions as s
inner join days as d on s.source = d.source
left join users as u on s.source = u.source
