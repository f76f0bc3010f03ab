-- Grain: one row per source, UTC day and metric, against the same weekday of the 8 weeks before: the median, and 1.4826
-- times the median distance from it (at least 1) as spread. An anomaly is more than 3.5 spreads away, with 4 weeks or
-- more to compare with; the running day is not judged.
{{ config(tags=['daily']) }}
{% set metrics = ['play_count', 'active_user_count', 'new_user_count', 'error_count', 'cancellation_count'] %}
with figures as (
    {% for metric in metrics %}
    select
        d.source,
        d.date_day,
        d.last_day,
        '{{ metric }}' as metric,
        coalesce(a.{{ metric }}, 0) as figure
    from {{ ref('int_source_days') }} as d
    left join {{ ref('agg_day') }} as a on d.source = a.source and d.date_day = a.date_day
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

earlier as (
    select
        f.source,
        f.date_day,
        f.metric,
        e.figure
    from figures as f
    inner join figures as e
        on
            f.source = e.source
            and f.metric = e.metric
            and f.date_day > e.date_day
            and {{ plus_days('f.date_day', -56) }} <= e.date_day
            and {{ iso_weekday('f.date_day') }} = {{ iso_weekday('e.date_day') }}
),

baselines as (
    select
        source,
        date_day,
        metric,
        count(*) as week_count,
        {{ median_between('figure') }} as baseline
    from earlier
    group by source, date_day, metric
),

spreads as (
    select
        e.source,
        e.date_day,
        e.metric,
        greatest(1.4826e0 * {{ median_between('abs(e.figure - b.baseline)') }}, 1e0) as spread
    from earlier as e
    inner join baselines as b on e.source = b.source and e.date_day = b.date_day and e.metric = b.metric
    group by e.source, e.date_day, e.metric
)

select
    f.source,
    f.date_day,
    f.metric,
    f.figure,
    coalesce(b.week_count, 0) as week_count,
    b.baseline,
    s.spread,
    (f.figure - b.baseline) / s.spread as score,
    coalesce(b.week_count >= 4 and f.date_day < f.last_day and abs(f.figure - b.baseline) > 3.5 * s.spread, false)
        as is_anomaly
from figures as f
left join baselines as b on f.source = b.source and f.date_day = b.date_day and f.metric = b.metric
left join spreads as s on f.source = s.source and f.date_day = s.date_day and f.metric = s.metric
