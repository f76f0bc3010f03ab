-- Grain: one row per source, month and user on paid when it began or at its end: in which of the two they were.
-- The end of the running month is the source's last event.
{{ config(tags=['daily']) }}
with months as (
    select
        d.source,
        d.month_start_date,
        cast(d.month_start_date as timestamp) as begins_at,
        least(cast({{ plus_months('d.month_start_date', 1) }} as timestamp), min(m.as_of)) as ends_at
    from {{ ref('int_source_days') }} as d
    inner join {{ ref('agg_metrics') }} as m on d.source = m.source
    group by d.source, d.month_start_date
),

moments as (
    {% for moment in ['begins_at', 'ends_at'] %}
    select
        m.source,
        m.month_start_date,
        s.user_key,
        {{ 's.user_version_key' if moment == 'begins_at' else 'cast(null as string)' }} as version_at_start,
        {{ 1 if moment == 'begins_at' else 0 }} as at_start,
        {{ 1 if moment == 'ends_at' else 0 }} as at_end
    from months as m
    inner join {{ ref('int_paid_spells') }} as s
        on m.source = s.source and m.{{ moment }} >= s.paid_from and (s.paid_to is null or m.{{ moment }} < s.paid_to)
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    source,
    month_start_date,
    user_key,
    max(version_at_start) as version_at_start,
    max(at_start) as at_start,
    max(at_end) as at_end
from moments
group by source, month_start_date, user_key
