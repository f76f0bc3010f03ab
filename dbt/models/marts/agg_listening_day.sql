-- Grain: one row per source and UTC day with a play: skips and whole plays; first listens (discovery) and repeats.
-- A first listen is a user's first of a track, or of an artist, by time.
{{ config(tags=['daily']) }}
with listens as (
    select
        source,
        played_date,
        row_number() over (
            partition by source, user_key, track_key, track_artist, song order by played_at, event_id
        ) as track_listen_number,
        row_number() over (
            partition by source, user_key, artist_key, artist order by played_at, event_id
        ) as artist_listen_number
    from {{ ref('int_plays_named') }}
    where is_listen and user_key is not null
),

discoveries as (
    select
        source,
        played_date,
        count(case when track_listen_number = 1 then 1 end) as new_track_listen_count,
        count(case when artist_listen_number = 1 then 1 end) as new_artist_listen_count,
        count(case when track_listen_number > 1 then 1 end) as repeat_listen_count
    from listens
    group by source, played_date
),

plays as (
    select
        source,
        played_date,
        count(*) as play_count,
        count(case when is_listen then 1 end) as listen_count,
        count(case when not is_listen then 1 end) as skip_count,
        count(case when heard_ms >= duration_ms then 1 end) as whole_count
    from {{ ref('int_plays_named') }}
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
left join discoveries as d on p.source = d.source and p.played_date = d.played_date
