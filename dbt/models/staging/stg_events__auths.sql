-- Grain: one row per auth event (the event after a Login).
{{ config(materialized='view') }}
select
    {{ event_columns() }},
    success as is_success
from {{ as_planned(source('lake', 'auth_events')) }}
