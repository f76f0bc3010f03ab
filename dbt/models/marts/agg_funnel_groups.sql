-- Grain: one row per source, cohort (month of the first event at level free, or 'all'), dimension (gender, device,
-- state) and value of those who were at level free, each as they were then: how many got to each step towards paid.
-- k-anonymous like agg_demographics_day.
{{ config(tags=['daily']) }}
{% set steps = ['upgrade_page', 'submit_upgrade', 'paid'] %}
with reached as (
    select
        source,
        user_key,
        cohort_month,
        {% for step in steps %}
        max(case when step = '{{ step }}' then 1 else 0 end) as {{ step }}_user_count,
        {% endfor %}
        min(reached_at) as free_at
    from {{ ref('int_funnel_steps') }}
    group by source, user_key, cohort_month
),

users as (
    {% for cohort in ["'all'", "cast(r.cohort_month as string)"] %}
    select
        r.source,
        {{ cohort }} as cohort,
        {% for step in steps %}
        r.{{ step }}_user_count,
        {% endfor %}
        g.gender,
        g.device,
        g.state
    from reached as r
    inner join {{ ref('dim_users') }} as u on r.user_key = u.user_key and r.free_at = u.valid_from
    inner join {{ ref('int_version_groups') }} as g on u.user_version_key = g.user_version_key
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

{% set sums = ['upgrade_page_user_count', 'submit_upgrade_user_count', 'paid_user_count'] %}
{{ shown_by_group('users', ['source', 'cohort'], sums, ['gender', 'device', 'state']) }}
