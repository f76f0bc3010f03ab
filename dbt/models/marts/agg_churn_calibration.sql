-- Grain: one row per source and tenth of the scale of risk with a user in it: what was predicted, and what came.
-- Made by `zipotify analyses`, and empty until it has run.
{{ config(tags=['daily']) }}
select
    source,
    bin_number,
    risk_from,
    risk_to,
    user_count,
    churned_count,
    predicted_rate,
    observed_rate
from {{ source('lake', 'analyses_churn_calibration') }}
