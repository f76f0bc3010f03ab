-- Grain: one row per source and calendar year: everybody's year in music.
{{ config(tags=['daily']) }}
with plays as (
    select
        *,
        cast(extract(year from played_date) as integer) as year_number
    from {{ ref('int_plays_named') }}
),

{% for top, columns in [('artist', ['artist']), ('track', ['track_artist', 'song']), ('day', ['played_date'])] %}
{{ top }}_counts as (
    select
        source,
        year_number,
        {{ columns | join(', ') }},
        count(*) as play_count,
        row_number() over (partition by source, year_number order by count(*) desc, {{ columns | join(', ') }}) as place
    from plays
    group by source, year_number, {{ columns | join(', ') }}
),

{% endfor %}
totals as (
    select
        source,
        year_number,
        count(*) as play_count,
        count(case when is_listen then 1 end) as listen_count,
        cast(coalesce(sum(heard_ms), 0) as bigint) as heard_ms,
        count(distinct user_key) as user_count,
        count(distinct {{ hash_key(['track_key', 'track_artist', 'song']) }}) as track_count,
        count(distinct {{ hash_key(['artist_key', 'artist']) }}) as artist_count
    from plays
    group by source, year_number
)

select
    t.source,
    t.year_number,
    t.play_count,
    t.listen_count,
    t.heard_ms,
    t.user_count,
    t.track_count,
    t.artist_count,
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
    on t.source = {{ alias }}.source and t.year_number = {{ alias }}.year_number and {{ alias }}.place = 1
{% endfor %}
