-- Grain: one row per source, month and artist: how an artist does over time.
{{ config(tags=['daily']) }}
with first_listens as (
    select
        source,
        artist_key,
        artist,
        user_key,
        {{ start_of('month', 'min(played_date)') }} as month_start_date
    from {{ ref('int_plays_named') }}
    where is_listen and user_key is not null
    group by source, artist_key, artist, user_key
),

newcomers as (
    select
        source,
        artist_key,
        artist,
        month_start_date,
        count(*) as new_listener_count
    from first_listens
    group by source, artist_key, artist, month_start_date
),

ranked as (
    select
        *,
        row_number() over (
            partition by source, window_start_date
            order by play_count desc, listener_count desc, artist asc, artist_key asc
        ) as rank_number,
        {{ as_double('play_count') }} / sum(play_count) over (partition by source, window_start_date) as play_share
    from {{ ref('int_artist_windows') }}
    where window_kind = 'month'
)

select
    r.source,
    r.window_start_date as month_start_date,
    r.artist_key,
    r.artist,
    r.play_count,
    r.listen_count,
    r.heard_ms,
    r.listener_count,
    coalesce(n.new_listener_count, 0) as new_listener_count,
    r.play_share,
    cast(r.rank_number as integer) as rank_number
from ranked as r
left join newcomers as n
    on
        r.source = n.source
        and r.artist_key = n.artist_key
        and r.artist = n.artist
        and r.window_start_date = n.month_start_date
