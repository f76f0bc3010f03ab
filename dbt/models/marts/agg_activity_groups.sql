-- Grain: one row per source, month, dimension (level, gender, device, state) and value of the users active in it, each
-- as last seen in it: newcomers, changes of level, closed accounts, failed pages and logins. k-anonymous like
-- agg_demographics_day.
{{ config(tags=['daily']) }}
{% set figures = [
    ('new_user_count', ref('dim_users'), 'first_seen_at', 'version_number = 1'),
    ('upgrade_count', ref('fct_level_changes'), 'changed_date', "change_kind = 'upgrade'"),
    ('downgrade_count', ref('fct_level_changes'), 'changed_date', "change_kind = 'downgrade'"),
    ('cancellation_count', ref('fct_page_views'), 'viewed_date', "page = 'Cancellation Confirmation'"),
    ('error_count', ref('fct_page_views'), 'viewed_date', 'is_error'),
    ('login_count', ref('fct_auths'), 'authed_date', 'is_success'),
    ('failed_login_count', ref('fct_auths'), 'authed_date', 'not is_success'),
] %}
{% set sums = figures | map('first') | list %}
with happened as (
    {% for figure, facts, day, which in figures %}
    select
        source,
        user_key,
        {{ start_of('month', day) }} as month_start_date,
        '{{ figure }}' as figure
    from {{ facts }}
    where {{ which }} and user_key is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

counted as (
    select
        source,
        user_key,
        {% for column in sums %}
        count(case when figure = '{{ column }}' then 1 end) as {{ column }},
        {% endfor %}
        month_start_date
    from happened
    group by source, user_key, month_start_date
),

users as (
    select
        w.source,
        w.window_start_date as month_start_date,
        w.level,
        w.gender,
        w.device,
        {% for column in sums %}
        coalesce(c.{{ column }}, 0) as {{ column }},
        {% endfor %}
        w.state
    from {{ ref('int_user_windows') }} as w
    left join counted as c
        on w.source = c.source and w.user_key = c.user_key and w.window_start_date = c.month_start_date
    where w.window_kind = 'month'
),

{{ shown_by_group('users', ['source', 'month_start_date'], sums) }}
