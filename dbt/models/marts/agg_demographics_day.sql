-- Grain: one row per source, UTC day, dimension (level, gender, device, state) and value. k-anonymous: smaller groups
-- are merged into 'other', and left out when that is too small as well.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
with day_groups as (
    select
        source,
        date_day,
        dimension,
        value,
        count(*) as user_count,
        sum(play_count) as play_count,
        sum(listen_count) as listen_count,
        sum(heard_ms) as heard_ms
    from {{ ref('int_user_day_groups') }}
    {% if is_incremental() %}
    where date_day in {{ touched_days() }}
    {% endif %}
    group by source, date_day, dimension, value
)

{% set sums = ['play_count', 'listen_count', 'heard_ms'] %}
{{ k_anonymous('day_groups', ['source', 'date_day', 'dimension'], 'value', sums) }}
