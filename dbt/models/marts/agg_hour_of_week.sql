-- Grain: one row per source, ISO weekday (1 is Monday) and UTC hour with any event.
{{ config(tags=['daily']) }}
with actions as (
    select
        source,
        cast({{ iso_weekday('event_at') }} as integer) as iso_weekday,
        cast(extract(hour from event_at) as integer) as hour_of_day,
        count(*) as event_count,
        count(distinct user_key) as active_user_count,
        count(distinct event_date) as day_count
    from {{ ref('int_events') }}
    group by source, {{ iso_weekday('event_at') }}, extract(hour from event_at)
),

plays as (
    select
        source,
        {{ iso_weekday('played_at') }} as iso_weekday,
        extract(hour from played_at) as hour_of_day,
        count(*) as play_count,
        sum(cast(is_listen as integer)) as listen_count,
        sum(heard_ms) as heard_ms
    from {{ ref('fct_plays') }}
    group by source, {{ iso_weekday('played_at') }}, extract(hour from played_at)
)

select
    a.source,
    a.iso_weekday,
    a.hour_of_day,
    a.event_count,
    a.active_user_count,
    a.day_count,
    coalesce(p.play_count, 0) as play_count,
    cast(coalesce(p.listen_count, 0) as bigint) as listen_count,
    cast(coalesce(p.heard_ms, 0) as bigint) as heard_ms
from actions as a
left join plays as p
    on a.source = p.source and a.iso_weekday = p.iso_weekday and a.hour_of_day = p.hour_of_day
