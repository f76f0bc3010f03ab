-- Grain: one row per auth event (the event after a Login).
select
    {{ event_columns() }},
    success as is_success
from {{ source('lake', 'auth_events') }}
