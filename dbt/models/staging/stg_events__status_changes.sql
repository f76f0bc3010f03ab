-- Grain: one row per status change event (Submit Upgrade, Submit Downgrade); the level is still the old one.
{{ config(materialized='view') }}
select
    {{ event_columns() }},
    auth
from {{ as_planned(source('lake', 'status_change_events')) }}
