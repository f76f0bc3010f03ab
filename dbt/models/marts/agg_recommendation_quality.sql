-- Grain: one row per source, method and length of the list: the share of later tracks that was in it.
-- Made by `zipotify analyses`, and empty until it has run.
{{ config(tags=['daily']) }}
select
    source,
    method,
    list_length,
    cut_off_date,
    user_count,
    recall
from {{ source('lake', 'analyses_recommendation_quality') }}
