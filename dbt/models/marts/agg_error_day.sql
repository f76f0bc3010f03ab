-- Grain: one row per source, UTC day, page and status of page views that failed.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
select
    source,
    viewed_date as date_day,
    page,
    status,
    count(*) as error_count,
    count(distinct session_key) as session_count
from {{ ref('fct_page_views') }}
where
    is_error
    {% if is_incremental() %}
    and viewed_date in {{ touched_days() }}
    {% endif %}
group by source, viewed_date, page, status
