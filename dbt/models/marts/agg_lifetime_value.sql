-- Grain: one row per source and cohort (month of a user's first event). Revenue is paid time times the setting
-- `arpu_paid_month`; expected paid months are paid time per loss (a constant hazard).
{{ config(tags=['daily']) }}
with spells as (
    select
        s.source,
        s.user_key,
        {{ ms_between('s.paid_from', 'coalesce(s.paid_to, m.as_of)') }} as paid_ms,
        lead(s.paid_from) over (partition by s.user_key order by s.paid_from) as next_from,
        s.paid_to
    from {{ ref('int_paid_spells') }} as s
    inner join {{ ref('agg_metrics') }} as m on s.source = m.source
),

users as (
    select
        source,
        user_key,
        sum(paid_ms) as paid_ms,
        sum(case when paid_to is not null and next_from is distinct from paid_to then 1 else 0 end) as loss_count
    from spells
    group by source, user_key
),

cohorts as (
    -- Whole ms are added up, so that the order of rows can't matter.
    select
        u.source,
        {{ start_of('month', 'u.first_seen_at') }} as cohort_month,
        count(*) as user_count,
        count(p.user_key) as paid_user_count,
        coalesce(sum(p.paid_ms), 0) / 86400000.0 / 30.4375 as paid_months,
        cast(coalesce(sum(p.loss_count), 0) as bigint) as loss_count
    from {{ ref('dim_users') }} as u
    left join users as p on u.source = p.source and u.user_key = p.user_key
    where u.version_number = 1 and not u.is_unknown
    group by u.source, {{ start_of('month', 'u.first_seen_at') }}
)

select
    source,
    cohort_month,
    user_count,
    paid_user_count,
    cast(paid_months as double) as paid_months,
    loss_count,
    cast(paid_months * {{ var('arpu_paid_month') }} as double) as revenue,
    cast(paid_months * {{ var('arpu_paid_month') }} / user_count as double) as revenue_per_user,
    cast(paid_months / nullif(loss_count, 0) as double) as expected_paid_months,
    cast(paid_months / nullif(loss_count, 0) * {{ var('arpu_paid_month') }} as double) as expected_value_per_paid_user
from cohorts
