-- Grain: one row per source: the test of the churn model on days that it had not seen.
-- Made by `zipotify analyses`, and empty until it has run.
{{ config(tags=['daily']) }}
select
    source,
    cut_off_date,
    horizon_days,
    trained_user_count,
    tested_user_count,
    churned_count,
    brier_score,
    baseline_brier_score,
    auc
from {{ source('lake', 'analyses_churn_model') }}
