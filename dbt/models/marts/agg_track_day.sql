-- Grain: one row per source, day and track; tracks that the catalogue doesn't know are told apart by their names.
with plays as (
    select
        p.source,
        p.played_date as date_day,
        p.track_key,
        p.user_key,
        p.is_listen,
        p.heard_ms,
        case when t.is_unknown then p.artist else t.artist_name end as artist,
        case when t.is_unknown then p.song else t.title end as song,
        case when t.is_unknown then p.artist_key else t.artist_key end as artist_key
    from {{ ref('fct_plays') }} as p
    inner join {{ ref('dim_tracks') }} as t on p.track_key = t.track_key
)

select
    source,
    date_day,
    track_key,
    artist,
    song,
    artist_key,
    count(*) as play_count,
    cast(sum(cast(is_listen as integer)) as bigint) as listen_count,
    cast(coalesce(sum(heard_ms), 0) as bigint) as heard_ms,
    count(distinct case when is_listen then user_key end) as listener_count
from plays
group by source, date_day, track_key, artist, song, artist_key
