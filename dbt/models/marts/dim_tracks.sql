-- Grain: one row per track of the catalogue, and the unknown member.
select
    t.track_key,
    t.track_id,
    t.title,
    coalesce(a.artist_key, {{ unknown_key() }}) as artist_key,
    t.artist_name,
    t.duration_ms,
    t.release_year,
    t.genre,
    false as is_unknown
from {{ ref('stg_catalog__tracks') }} as t
left join {{ ref('stg_catalog__artists') }} as a on t.artist_id = a.artist_id
union all
select
    {{ unknown_key() }} as track_key,
    null as track_id,
    null as title,
    {{ unknown_key() }} as artist_key,
    null as artist_name,
    null as duration_ms,
    null as release_year,
    null as genre,
    true as is_unknown
