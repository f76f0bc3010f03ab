-- Grain: one row per source, UTC day with any event, and level.
-- user_count: everybody seen so far, by level at the end of the day; the rest is of that day.
with days as (
    select distinct
        source,
        date_day
    from {{ ref('int_level_days') }}
    where has_events
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
    from {{ ref('int_level_days') }}
    where has_events
)

select
    d.source,
    d.date_day,
    l.level,
    cast(sum(coalesce(s.step, 0)) over (partition by d.source, l.level order by d.date_day) as bigint) as user_count,
    coalesce(x.active_user_count, 0) as active_user_count,
    coalesce(x.event_count, 0) as event_count,
    coalesce(x.play_count, 0) as play_count,
    coalesce(x.listen_count, 0) as listen_count,
    coalesce(x.heard_ms, 0) as heard_ms
from days as d
inner join levels as l on d.source = l.source
left join steps as s on d.source = s.source and d.date_day = s.date_day and l.level = s.level
left join {{ ref('int_level_days') }} as x
    on d.source = x.source and d.date_day = x.date_day and l.level = x.level
