-- Grain: one row per track of the catalogue.
select
    {{ hash_key(['track_id']) }} as track_key,
    track_id,
    title,
    artist_id,
    artist_name,
    case when duration_s > 0 then cast(round(duration_s * 1000) as bigint) end as duration_ms,
    case when year > 0 then cast(year as integer) end as release_year,
    genre
from {{ source('lake', 'catalog_tracks') }}
