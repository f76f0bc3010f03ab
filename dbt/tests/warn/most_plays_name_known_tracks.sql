-- Sources most of whose plays match no track: their catalogue is probably not imported.
select
    source,
    count(*) as play_count,
    sum(cast(track_key = {{ unknown_key() }} as integer)) as unknown_count
from {{ ref('fct_plays') }}
group by source
having sum(cast(track_key = {{ unknown_key() }} as integer)) > count(*) / 2
