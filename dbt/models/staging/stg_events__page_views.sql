-- Grain: one row per page view event.
{{ config(materialized='view') }}
select
    {{ event_columns() }},
    page,
    auth,
    method,
    status
from {{ as_planned(source('lake', 'page_view_events')) }}
