-- Grain: one row per source and UTC day with a play: skips and whole plays; first listens (discovery) and repeats.
-- A first listen is a user's first of a track, or of an artist, by time.
{{ config(tags=['daily']) }}
with discoveries as (
    select
        source,
        date_day,
        cast(sum(new_track_listen_count) as bigint) as new_track_listen_count,
        cast(sum(repeat_listen_count) as bigint) as repeat_listen_count,
        cast(sum(new_artist_listen_count) as bigint) as new_artist_listen_count
    from {{ ref('int_discovery_days') }}
    group by source, date_day
),

plays as (
    select
        source,
        played_date,
        count(*) as play_count,
        count(case when is_listen then 1 end) as listen_count,
        count(case when not is_listen then 1 end) as skip_count,
        count(case when heard_ms >= duration_ms then 1 end) as whole_count
    from {{ ref('fct_plays') }}
    group by source, played_date
)

select
    p.source,
    p.played_date as date_day,
    p.play_count,
    p.listen_count,
    p.skip_count,
    p.whole_count,
    coalesce(d.new_track_listen_count, 0) as new_track_listen_count,
    coalesce(d.repeat_listen_count, 0) as repeat_listen_count,
    coalesce(d.new_artist_listen_count, 0) as new_artist_listen_count
from plays as p
left join discoveries as d on p.source = d.source and p.played_date = d.date_day
