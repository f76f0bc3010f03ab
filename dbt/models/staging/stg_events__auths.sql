-- Grain: one row per auth event (the event after a Login).
{{ config(materialized='incremental', incremental_strategy='touched_events') }}
select
    {{ event_columns() }},
    success as is_success
from {{ new_rows(source('lake', 'auth_events'), 'auth_events') }}
