-- Grain: one row per status change event (Submit Upgrade, Submit Downgrade); the level is still the old one.
{{ config(materialized='incremental', incremental_strategy='touched_events') }}
select
    {{ event_columns() }},
    auth
from {{ new_rows(source('lake', 'status_change_events'), 'status_change_events') }}
