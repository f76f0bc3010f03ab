{# Columns that all four kinds of events share, cleaned. #}
{% macro event_columns() -%}
    event_id,
    source,
    session_id,
    item_in_session,
    user_key,
    {{ instant_from_ms('ts_ms') }} as event_at,
    event_date,
    level,
    city,
    state,
    {{ location_key('city', 'state') }} as location_key,
    gender,
    device,
    tag,
    {{ instant_from_zoned('produced_at') }} as produced_at,
    {{ instant_from_zoned('ingested_at') }} as ingested_at
{%- endmacro %}
