-- Grain: one row per source, UTC day and hour of the day with a play.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
select
    source,
    played_date as date_day,
    cast(extract(hour from played_at) as integer) as hour_of_day,
    count(*) as play_count
from {{ ref('fct_plays') }}
{% if is_incremental() %}
where played_date in {{ touched_days() }}
{% endif %}
group by source, played_date, extract(hour from played_at)
