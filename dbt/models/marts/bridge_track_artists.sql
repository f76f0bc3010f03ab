-- Grain: one row per track and artist credited for it. 'A feat. B, C & D' credits A as main, B, C and D as featured;
-- 'A & B' is one name, as bands are called so. Artists are matched by name where the catalogue has one of that name.
with parts as (
    select
        track_key,
        artist_key,
        artist_name,
        {{ credits_of('artist_name') }} as credits
    from {{ ref('dim_tracks') }}
    where not is_unknown
),

featured as (
    select
        track_key,
        credit
    from parts
    {{ with_each(featured_credits('credits'), 'credit') }}
),

artists_by_name as (
    select
        artist_name,
        min(artist_key) as artist_key
    from {{ ref('dim_artists') }}
    where not is_unknown
    group by artist_name
    having count(*) = 1
),

credited as (
    select
        track_key,
        trim({{ main_credit('credits') }}) as artist,
        'main' as credit_role
    from parts
    union distinct
    select
        track_key,
        trim(credit) as artist,
        'featured' as credit_role
    from featured
)

select
    c.track_key,
    c.artist,
    min(c.credit_role) over (partition by c.track_key, c.artist) as credit_role,
    coalesce(a.artist_key, case when c.credit_role = 'main' then p.artist_key end, {{ unknown_key() }}) as artist_key
from credited as c
inner join parts as p on c.track_key = p.track_key
left join artists_by_name as a on c.artist = a.artist_name
where c.artist <> ''
