-- Grain: one row per source, artist and rank: the artists that its listeners also listen to.
-- Made by `zipotify analyses`, and empty until it has run.
{{ config(tags=['daily']) }}
select
    source,
    artist_key,
    artist,
    rank_number,
    other_artist_key,
    other_artist,
    listener_count,
    other_listener_count,
    both_count,
    similarity,
    lift
from {{ source('lake', 'analyses_similar_artists') }}
