-- Grain: one row per status change event (Submit Upgrade, Submit Downgrade); the level is still the old one.
select
    {{ event_columns() }},
    auth
from {{ source('lake', 'status_change_events') }}
