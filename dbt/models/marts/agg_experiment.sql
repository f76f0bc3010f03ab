-- Grain: one row per source, experiment tag and metric: mean per user with its 95 % interval, the difference to the
-- control (the first tag by name) with its interval and p-value (Welch, normal approximation), and whether the arms'
-- sizes fit an even split (chi-square by Wilson and Hilferty, p < 0.001 is a mismatch).
{{ config(tags=['daily']) }}
{# Whole numbers are added up, so that the order of rows can't matter; `unit` turns sums into what is shown. #}
{% set metrics = [('listens', 1), ('hours', 3600), ('active_days', 1), ('upgraded', 1), ('cancelled', 1)] %}
with activity as (
    select
        user_key,
        sum(listen_count) as listens,
        {{ times_in(1000, 'sum(heard_ms)') }} as hours,
        count(*) as active_days
    from {{ ref('fct_user_days') }}
    group by user_key
),

upgraded as (
    select distinct user_key from {{ ref('fct_level_changes') }}
    where change_kind = 'upgrade'
),

cancelled as (
    select distinct user_key from {{ ref('fct_page_views') }}
    where page = 'Cancellation Confirmation'
),

users as (
    select
        a.source,
        a.tag,
        d.listens,
        d.hours,
        d.active_days,
        case when u.user_key is null then 0 else 1 end as upgraded,
        case when c.user_key is null then 0 else 1 end as cancelled
    from {{ ref('int_user_arms') }} as a
    inner join activity as d on a.user_key = d.user_key
    left join upgraded as u on a.user_key = u.user_key
    left join cancelled as c on a.user_key = c.user_key
),

summed as (
    {% for metric, unit in metrics %}
    select
        source,
        tag,
        '{{ metric }}' as metric,
        {{ unit }} as unit,
        count(*) as user_count,
        {{ as_double("sum(" ~ metric ~ ")") }} as total,
        {{ as_double("sum(" ~ metric ~ " * " ~ metric ~ ")") }} as total_of_squares
    from users
    group by source, tag
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

measured as (
    select
        source,
        tag,
        metric,
        user_count,
        total / user_count / unit as mean,
        greatest(total_of_squares - total * total / user_count, 0)
        / nullif(user_count - 1, 0) / user_count / unit / unit as mean_variance
    from summed
),

compared as (
    select
        *,
        first_value(tag) over arm_order as control_tag,
        mean - first_value(mean) over arm_order as difference,
        sqrt(mean_variance + first_value(mean_variance) over arm_order) as difference_error,
        count(*) over (partition by source, metric) as arm_count,
        sum(user_count) over (partition by source, metric)
        / {{ as_double('count(*) over (partition by source, metric)') }} as even_count
    from measured
    window arm_order as (partition by source, metric order by tag)
),

split as (
    select
        source,
        metric,
        sum(user_count * user_count) * count(*) / {{ as_double('sum(user_count)') }} - sum(user_count) as chi_square,
        count(*) - 1 as degrees
    from compared
    group by source, metric
),

judged as (
    select
        c.*,
        s.chi_square,
        case
            when s.degrees > 0
                then
                    (power(s.chi_square / s.degrees, 1e0 / 3) - (1 - 2e0 / (9 * s.degrees)))
                    / sqrt(2e0 / (9 * s.degrees))
        end as split_score,
        case when c.tag <> c.control_tag and c.difference_error > 0 then c.difference / c.difference_error end as score
    from compared as c
    inner join split as s on c.source = s.source and c.metric = s.metric
)

select
    source,
    tag,
    metric,
    user_count,
    mean,
    mean - 1.959964 * sqrt(mean_variance) as mean_low,
    mean + 1.959964 * sqrt(mean_variance) as mean_high,
    control_tag,
    difference,
    difference - 1.959964 * difference_error as difference_low,
    difference + 1.959964 * difference_error as difference_high,
    2.0 * (1.0 - ({{ normal_cdf('abs(score)') }})) as p_value,
    even_count as expected_user_count,
    chi_square,
    1.0 - ({{ normal_cdf('split_score') }}) as split_p_value,
    coalesce(1.0 - ({{ normal_cdf('split_score') }}) < 0.001, false) as is_split_suspicious
from judged
