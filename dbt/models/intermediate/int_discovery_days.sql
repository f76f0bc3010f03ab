-- Grain: one row per user and UTC day with a listen: first listens (of a track, of an artist) and all.
{{ config(tags=['daily']) }}
with track_days as (
    select
        source,
        user_key,
        track_key,
        track_artist,
        song,
        artist_key,
        artist,
        played_date,
        count(*) as listen_count
    from {{ ref('int_plays_named') }}
    where is_listen and user_key is not null
    group by source, user_key, track_key, track_artist, song, artist_key, artist, played_date
),

moments as (
    select
        source,
        user_key,
        played_date,
        sum(listen_count) as listen_count,
        0 as new_track_listen_count,
        0 as new_artist_listen_count
    from track_days
    group by source, user_key, played_date
    {% for new, names in [
        ('track', ['track_key', 'track_artist', 'song']), ('artist', ['artist_key', 'artist'])
    ] %}
    union all
    select
        source,
        user_key,
        min(played_date) as played_date,
        0 as listen_count,
        {{ 1 if new == 'track' else 0 }} as new_track_listen_count,
        {{ 1 if new == 'artist' else 0 }} as new_artist_listen_count
    from track_days
    group by source, user_key, {{ names | join(', ') }}
    {% endfor %}
)

select
    source,
    user_key,
    played_date as date_day,
    cast(sum(listen_count) as bigint) as listen_count,
    cast(sum(new_track_listen_count) as bigint) as new_track_listen_count,
    cast(sum(listen_count) - sum(new_track_listen_count) as bigint) as repeat_listen_count,
    cast(sum(new_artist_listen_count) as bigint) as new_artist_listen_count
from moments
group by source, user_key, played_date
