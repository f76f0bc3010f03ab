-- Grain: one row per page view event.
{{ config(materialized='incremental', incremental_strategy='touched_events') }}
select
    {{ event_columns() }},
    page,
    auth,
    method,
    status
from {{ new_rows(source('lake', 'page_view_events'), 'page_view_events') }}
