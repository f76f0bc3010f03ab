-- Grain: one row per play, with the names that lists show: the catalogue's where it knows the track or artist.
{{ config(materialized='view') }}
select
    p.source,
    p.event_id,
    p.played_at,
    p.played_date,
    p.user_key,
    p.session_key,
    p.is_listen,
    p.heard_ms,
    p.duration_ms,
    p.track_key,
    p.artist_key,
    t.genre,
    t.release_year,
    case when t.is_unknown then p.artist else t.artist_name end as track_artist,
    case when t.is_unknown then p.song else t.title end as song,
    case when a.is_unknown then p.artist else a.artist_name end as artist
from {{ ref('fct_plays') }} as p
inner join {{ ref('dim_tracks') }} as t on p.track_key = t.track_key
inner join {{ ref('dim_artists') }} as a on p.artist_key = a.artist_key
