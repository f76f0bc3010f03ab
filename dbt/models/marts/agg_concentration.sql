-- Grain: one row per source, window (ISO week, month, all) and entity (track or artist): how unevenly plays are spread.
{{ config(tags=['daily']) }}
with ranked as (
    {% for entity in ['track', 'artist'] %}
    select
        source,
        window_kind,
        window_start_date,
        '{{ entity }}' as entity,
        play_count,
        row_number() over (
            partition by source, window_kind, window_start_date order by play_count
        ) as place,
        count(*) over (partition by source, window_kind, window_start_date) as entity_count
    from {{ ref('int_' ~ entity ~ '_windows') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    source,
    window_kind,
    window_start_date,
    entity,
    count(*) as entity_count,
    cast(sum(play_count) as bigint) as play_count,
    2e0 * {{ as_double('sum(place * play_count)') }} / (count(*) * {{ as_double('sum(play_count)') }})
    - (count(*) + 1e0) / count(*) as gini,
    {{ as_double('sum(case when place > entity_count - ceil(entity_count / 100) then play_count else 0 end)') }}
    / sum(play_count) as top_1_percent_share
from ranked
group by source, window_kind, window_start_date, entity
