-- Grain: one row per source, calendar year and user with a play: their year in music.
{{ config(tags=['daily']) }}
with plays as (
    select
        *,
        cast(extract(year from played_date) as integer) as year_number
    from {{ ref('int_plays_named') }}
    where user_key is not null
),

{% for top, columns in [('artist', ['artist']), ('track', ['track_artist', 'song']), ('day', ['played_date'])] %}
{{ top }}_counts as (
    select
        source,
        year_number,
        user_key,
        {{ columns | join(', ') }},
        count(*) as play_count,
        row_number() over (
            partition by source, year_number, user_key order by count(*) desc, {{ columns | join(', ') }}
        ) as place
    from plays
    group by source, year_number, user_key, {{ columns | join(', ') }}
),

{% endfor %}
totals as (
    select
        source,
        year_number,
        user_key,
        count(*) as play_count,
        count(case when is_listen then 1 end) as listen_count,
        cast(coalesce(sum(heard_ms), 0) as bigint) as heard_ms,
        count(distinct {{ hash_key(['track_key', 'track_artist', 'song']) }}) as track_count,
        count(distinct {{ hash_key(['artist_key', 'artist']) }}) as artist_count,
        count(distinct session_key) as session_count,
        count(distinct played_date) as active_day_count,
        min(played_date) as first_play_date
    from plays
    group by source, year_number, user_key
)

select
    t.source,
    t.year_number,
    t.user_key,
    t.play_count,
    t.listen_count,
    t.heard_ms,
    t.track_count,
    t.artist_count,
    t.session_count,
    t.active_day_count,
    t.first_play_date,
    a.artist as top_artist,
    a.play_count as top_artist_play_count,
    s.track_artist as top_track_artist,
    s.song as top_song,
    s.play_count as top_track_play_count,
    d.played_date as top_day,
    d.play_count as top_day_play_count
from totals as t
{% for top, alias in [('artist', 'a'), ('track', 's'), ('day', 'd')] %}
inner join {{ top }}_counts as {{ alias }}
    on
        t.source = {{ alias }}.source
        and t.year_number = {{ alias }}.year_number
        and t.user_key = {{ alias }}.user_key
        and {{ alias }}.place = 1
{% endfor %}
