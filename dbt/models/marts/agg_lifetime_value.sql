-- Grain: one row per source and cohort (month of a user's first event). Revenue is paid time times the setting
-- `arpu_paid_month`; expected paid months are paid time per loss (a constant hazard).
{{ config(tags=['daily']) }}
with cohorts as (
    -- Whole ms are added up, so that the order of rows can't matter.
    select
        u.source,
        {{ start_of('month', 'u.first_seen_at') }} as cohort_month,
        count(*) as user_count,
        count(p.user_key) as paid_user_count,
        coalesce(sum(p.paid_ms), 0) / 86400000e0 / 30.4375 as paid_months,
        cast(coalesce(sum(p.loss_count), 0) as bigint) as loss_count
    from {{ ref('dim_users') }} as u
    left join {{ ref('int_paid_users') }} as p on u.source = p.source and u.user_key = p.user_key
    where u.version_number = 1 and not u.is_unknown
    group by u.source, {{ start_of('month', 'u.first_seen_at') }}
)

select
    source,
    cohort_month,
    user_count,
    paid_user_count,
    {{ as_double('paid_months') }} as paid_months,
    loss_count,
    {{ as_double("paid_months * " ~ var('arpu_paid_month')) }} as revenue,
    {{ as_double("paid_months * " ~ var('arpu_paid_month') ~ " / user_count") }} as revenue_per_user,
    {{ as_double('paid_months / nullif(loss_count, 0)') }} as expected_paid_months,
    {{ as_double("paid_months / nullif(loss_count, 0) * " ~ var('arpu_paid_month')) }} as expected_value_per_paid_user
from cohorts
