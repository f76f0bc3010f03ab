-- Grain: one row per source, UTC day with any event, and level.
-- user_count: everybody seen so far, by level at the end of the day; the rest is of that day.
with days as (
    select distinct
        source,
        event_date as date_day
    from {{ ref('int_events') }}
),

moves as (
    select
        source,
        level,
        cast(valid_from as date) as date_day,
        1 as step
    from {{ ref('int_user_versions') }}
    union all
    select
        source,
        level,
        cast(valid_to as date) as date_day,
        -1 as step
    from {{ ref('int_user_versions') }}
    where valid_to is not null
),

steps as (
    select
        source,
        date_day,
        level,
        sum(step) as step
    from moves
    group by source, date_day, level
),

levels as (
    select distinct
        source,
        level
    from {{ ref('int_events') }}
),

actions as (
    select
        source,
        event_date as date_day,
        level,
        count(*) as event_count,
        count(distinct user_key) as active_user_count
    from {{ ref('int_events') }}
    group by source, event_date, level
),

plays as (
    select
        source,
        played_date as date_day,
        level,
        count(*) as play_count,
        sum(cast(is_listen as integer)) as listen_count,
        sum(heard_ms) as heard_ms
    from {{ ref('fct_plays') }}
    group by source, played_date, level
)

select
    d.source,
    d.date_day,
    l.level,
    cast(sum(coalesce(s.step, 0)) over (partition by d.source, l.level order by d.date_day) as bigint) as user_count,
    coalesce(a.active_user_count, 0) as active_user_count,
    coalesce(a.event_count, 0) as event_count,
    coalesce(p.play_count, 0) as play_count,
    cast(coalesce(p.listen_count, 0) as bigint) as listen_count,
    cast(coalesce(p.heard_ms, 0) as bigint) as heard_ms
from days as d
inner join levels as l on d.source = l.source
left join steps as s on d.source = s.source and d.date_day = s.date_day and l.level = s.level
left join actions as a on d.source = a.source and d.date_day = a.date_day and l.level = a.level
left join plays as p on d.source = p.source and d.date_day = p.date_day and l.level = p.level
