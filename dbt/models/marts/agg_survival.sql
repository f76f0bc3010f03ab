-- Grain: one row per source, level at the first event, and whole days since then: Kaplan-Meier. The event is closing
-- the account; users who did not are known to stay until the source's last event.
{{ config(tags=['daily']) }}
with cancelled as (
    select
        user_key,
        min(viewed_at) as cancelled_at
    from {{ ref('fct_page_views') }}
    where page = 'Cancellation Confirmation' and user_key is not null
    group by user_key
),

users as (
    select
        u.source,
        u.level,
        c.cancelled_at is not null as is_cancelled,
        floor({{ ms_between('u.first_seen_at', 'coalesce(c.cancelled_at, m.as_of)') }} / 86400000) as day_count
    from {{ ref('dim_users') }} as u
    inner join {{ ref('agg_metrics') }} as m on u.source = m.source
    left join cancelled as c on u.user_key = c.user_key
    where u.version_number = 1 and not u.is_unknown
),

ends as (
    select
        source,
        level,
        day_count,
        count(*) as user_count,
        sum(case when is_cancelled then 1 else 0 end) as cancelled_count
    from users
    group by source, level, day_count
),

at_risk as (
    select
        *,
        sum(user_count) over (
            partition by source, level order by day_count rows between current row and unbounded following
        ) as at_risk_count
    from ends
)

select
    source,
    level,
    cast(day_count as integer) as day_number,
    cast(at_risk_count as bigint) as at_risk_count,
    cast(cancelled_count as bigint) as cancelled_count,
    exp(sum(ln(greatest(1.0 - {{ as_double('cancelled_count') }} / at_risk_count, 1e-300))) over (
        partition by source, level order by day_count
    )) as survival
from at_risk
