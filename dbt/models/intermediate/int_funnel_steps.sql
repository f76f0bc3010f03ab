-- Grain: one row per user who was seen at level free, and step towards paid that they got to, and when.
-- Each step is the first of its kind at or after the step before it.
{{ config(tags=['daily']) }}
{% set pages = [('upgrade_page', 'Upgrade'), ('submit_upgrade', 'Submit Upgrade')] %}
with free_users as (
    select
        source,
        user_key,
        min(valid_from) as reached_at
    from {{ ref('dim_users') }}
    where level = 'free'
    group by source, user_key
),

{% for step, page in pages %}
{{ step }}_users as (
    select
        b.source,
        b.user_key,
        min(v.viewed_at) as reached_at
    from {{ 'free' if loop.first else pages[0][0] }}_users as b
    inner join {{ ref('fct_page_views') }} as v
        on b.user_key = v.user_key and v.page = '{{ page }}' and b.reached_at <= v.viewed_at
    group by b.source, b.user_key
),

{% endfor %}
paid_users as (
    select
        b.source,
        b.user_key,
        min(c.changed_at) as reached_at
    from submit_upgrade_users as b
    inner join {{ ref('fct_level_changes') }} as c
        on b.user_key = c.user_key and c.change_kind = 'upgrade' and b.reached_at <= c.changed_at
    group by b.source, b.user_key
)

{% for step in ['free', 'upgrade_page', 'submit_upgrade', 'paid'] %}
select
    {{ loop.index }} as step_number,
    '{{ step }}' as step,
    s.source,
    s.user_key,
    s.reached_at,
    {{ start_of('month', 'f.reached_at') }} as cohort_month
from {{ step }}_users as s
inner join free_users as f on s.source = f.source and s.user_key = f.user_key
{% if not loop.last %}union all{% endif %}
{% endfor %}
