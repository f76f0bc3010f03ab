-- Grain: one row per distinct (track id, artist, title, duration) that plays name: its track and artist, if known.
{{ config(materialized='incremental', incremental_strategy='new_members') }}
with referred as (
    select distinct
        l.track_id,
        l.artist,
        l.song,
        l.duration_ms
    from {{ ref('stg_events__listens') }} as l
    {% if is_incremental() %}
    where {{ is_since_touched('l') }} and {{ is_of_touched_session('l') }}
    {% endif %}
),

named as (
    select
        *,
        {{ hash_key(['track_id', 'artist', 'song', 'duration_ms']) }} as track_reference
    from referred
),

by_id as (
    select
        n.track_reference,
        t.track_key
    from named as n
    inner join {{ ref('stg_catalog__tracks') }} as t on n.track_id = t.track_id
),

by_name as (
    -- Durations were written with different precision: the same to the millisecond is the same.
    select
        n.track_reference,
        min(t.track_key) as track_key
    from named as n
    inner join {{ ref('stg_catalog__tracks') }} as t
        on n.artist = t.artist_name and n.song = t.title and abs(n.duration_ms - t.duration_ms) <= 1
    group by n.track_reference
    having count(*) = 1
),

artists_by_name as (
    select
        artist_name,
        min(artist_key) as artist_key
    from {{ ref('stg_catalog__artists') }}
    group by artist_name
    having count(*) = 1
)

select
    n.track_reference,
    n.track_id,
    n.artist,
    n.song,
    n.duration_ms,
    coalesce(i.track_key, b.track_key, {{ unknown_key() }}) as track_key,
    coalesce(a.artist_key, o.artist_key, {{ unknown_key() }}) as artist_key
from named as n
left join by_id as i on n.track_reference = i.track_reference
left join by_name as b on n.track_reference = b.track_reference
left join {{ ref('stg_catalog__tracks') }} as t on coalesce(i.track_key, b.track_key) = t.track_key
left join {{ ref('stg_catalog__artists') }} as a on t.artist_id = a.artist_id
left join artists_by_name as o on n.artist = o.artist_name
{% if is_incremental() %}
where n.track_reference not in (select k.track_reference from {{ this }} as k)
{% endif %}
