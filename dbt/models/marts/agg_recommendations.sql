-- Grain: one row per source, user and rank: tracks that they have not listened to yet and may like.
-- Made by `zipotify analyses`, and empty until it has run.
{{ config(tags=['daily']) }}
select
    source,
    user_key,
    rank_number,
    track_key,
    artist,
    song,
    score
from {{ source('lake', 'analyses_recommendations') }}
