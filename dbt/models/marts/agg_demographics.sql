-- Grain: one row per source, period (today, the last 7, 28, 30 or 90 days with the source's last day, or all),
-- dimension and value of the users active in it, each as they were last seen in the period.
-- k-anonymous like agg_demographics_day.
{{ config(tags=['daily']) }}
with periods as (
    select
        source,
        max(date_day) as last_day
    from {{ ref('int_user_day_groups') }}
    group by source
),

user_days as (
    {% for period, days in [('today', 1), ('7d', 7), ('28d', 28), ('30d', 30), ('90d', 90), ('all', none)] %}
    select
        '{{ period }}' as period,
        g.*
    from {{ ref('int_user_day_groups') }} as g
    {% if days %}
    inner join periods as p on g.source = p.source and g.date_day > {{ plus_days('p.last_day', -days) }}
    {% endif %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

users as (
    select
        source,
        period,
        dimension,
        user_key,
        {{ last_by('value', ['date_day']) }} as value,
        sum(play_count) as play_count,
        sum(listen_count) as listen_count,
        sum(heard_ms) as heard_ms
    from user_days
    group by source, period, dimension, user_key
),

period_groups as (
    select
        source,
        period,
        dimension,
        value,
        count(*) as user_count,
        sum(play_count) as play_count,
        sum(listen_count) as listen_count,
        sum(heard_ms) as heard_ms
    from users
    group by source, period, dimension, value
)

{% set sums = ['play_count', 'listen_count', 'heard_ms'] %}
{{ k_anonymous('period_groups', ['source', 'period', 'dimension'], 'value', sums) }}
