-- Grain: one row per artist of the catalogue, and the unknown member.
select
    artist_key,
    artist_id,
    artist_name,
    city,
    state,
    genre,
    false as is_unknown
from {{ ref('stg_catalog__artists') }}
union all
select
    {{ unknown_key() }} as artist_key,
    null as artist_id,
    null as artist_name,
    null as city,
    null as state,
    null as genre,
    true as is_unknown
