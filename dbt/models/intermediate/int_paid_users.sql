-- Grain: one row per user who was ever on paid: for how long, up to the source's last event, and how often it ended.
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
)

select
    source,
    user_key,
    cast(sum(paid_ms) as bigint) as paid_ms,
    cast(sum(case when paid_to is not null and next_from is distinct from paid_to then 1 else 0 end) as bigint)
        as loss_count
from spells
group by source, user_key
