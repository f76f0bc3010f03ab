-- Grain: one row per event of any kind (one action of a client may be several).
{{ config(materialized='view') }}
{% for model in ['stg_events__listens', 'stg_events__page_views', 'stg_events__auths', 'stg_events__status_changes'] %}
select
    source,
    session_id,
    item_in_session,
    user_key,
    event_at,
    event_date,
    level,
    city,
    state,
    nullif(location_key, {{ unknown_key() }}) as location_key,
    gender,
    device,
    tag,
    produced_at,
    ingested_at
from {{ ref(model) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
