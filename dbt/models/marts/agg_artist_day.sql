-- Grain: one row per source, day and artist; artists that the catalogue doesn't know are told apart by their names.
with plays as (
    select
        p.source,
        p.played_date as date_day,
        p.artist_key,
        p.user_key,
        p.is_listen,
        p.heard_ms,
        case when a.is_unknown then p.artist else a.artist_name end as artist
    from {{ ref('fct_plays') }} as p
    inner join {{ ref('dim_artists') }} as a on p.artist_key = a.artist_key
)

select
    source,
    date_day,
    artist_key,
    artist,
    count(*) as play_count,
    cast(sum(cast(is_listen as integer)) as bigint) as listen_count,
    cast(coalesce(sum(heard_ms), 0) as bigint) as heard_ms,
    count(distinct case when is_listen then user_key end) as listener_count
from plays
group by source, date_day, artist_key, artist
