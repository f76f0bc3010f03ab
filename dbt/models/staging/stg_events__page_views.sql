-- Grain: one row per page view event.
select
    {{ event_columns() }},
    page,
    auth,
    method,
    status
from {{ source('lake', 'page_view_events') }}
