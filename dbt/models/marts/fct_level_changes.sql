-- Grain: one row per change of a user's level, at the first event seen at the new level.
{{ config(materialized='incremental', incremental_strategy='touched_users') }}
select
    user_version_key,
    source,
    user_key,
    session_key,
    valid_from as changed_at,
    cast(valid_from as date) as changed_date,
    previous_level as from_level,
    level as to_level,
    case when level = 'paid' then 'upgrade' when previous_level = 'paid' then 'downgrade' else 'other' end
        as change_kind,
    ingested_at
from {{ ref('int_user_versions') }}
where
    previous_level <> level
    {% if is_incremental() %}
    and user_key in {{ touched_users() }}
    {% endif %}
