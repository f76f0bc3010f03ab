-- Grain: one row per source and user active in the 28 days up to as_of_date whose account is open.
-- Made by `zipotify analyses`, and empty until it has run.
{{ config(tags=['daily']) }}
select
    source,
    user_key,
    as_of_date,
    horizon_days,
    level,
    risk
from {{ source('lake', 'analyses_churn_risk') }}
