-- Grain: one row per source, track and rank: the tracks that its listeners also listen to.
-- Made by `zipotify analyses`, and empty until it has run.
{{ config(tags=['daily']) }}
select
    source,
    track_key,
    artist,
    song,
    rank_number,
    other_track_key,
    other_artist,
    other_song,
    listener_count,
    other_listener_count,
    both_count,
    similarity,
    lift
from {{ source('lake', 'analyses_similar_tracks') }}
