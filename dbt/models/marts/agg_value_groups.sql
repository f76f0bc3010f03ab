-- Grain: one row per source, cohort (month of a user's first event), dimension (level, gender, device, state) and value
-- of the cohort's users, each as first seen: time on paid and losses, from which revenue follows as in
-- agg_lifetime_value. k-anonymous like agg_demographics_day.
{{ config(tags=['daily']) }}
with users as (
    select
        u.source,
        {{ start_of('month', 'u.first_seen_at') }} as cohort_month,
        g.level,
        g.gender,
        g.device,
        g.state,
        case when p.user_key is null then 0 else 1 end as paid_user_count,
        coalesce(p.paid_ms, 0) as paid_ms,
        coalesce(p.loss_count, 0) as loss_count
    from {{ ref('dim_users') }} as u
    inner join {{ ref('int_version_groups') }} as g on u.user_version_key = g.user_version_key
    left join {{ ref('int_paid_users') }} as p on u.source = p.source and u.user_key = p.user_key
    where u.version_number = 1 and not u.is_unknown
),

{{ shown_by_group('users', ['source', 'cohort_month'], ['paid_user_count', 'paid_ms', 'loss_count']) }}
