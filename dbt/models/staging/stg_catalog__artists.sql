-- Grain: one row per artist of the catalogue; artists that only its tracks name are among them.
with tracks_artists as (
    select
        artist_id,
        min(artist_name) as artist_name,
        min(genre) as genre
    from {{ ref('stg_catalog__tracks') }}
    where artist_id is not null
    group by artist_id
)

select
    coalesce(a.artist_id, t.artist_id) as artist_id,
    {{ hash_key(['coalesce(a.artist_id, t.artist_id)']) }} as artist_key,
    coalesce(a.name, t.artist_name) as artist_name,
    a.city,
    a.state,
    a.lat,
    a.lon,
    coalesce(a.genre, t.genre) as genre
from {{ source('lake', 'catalog_artists') }} as a
full outer join tracks_artists as t on a.artist_id = t.artist_id
