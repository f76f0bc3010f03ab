-- Grain: one row per source, month, dimension (level, gender, device, state) and value of those who listened in it,
-- each as last seen in it: first listens (discovery) and repeats, as in agg_listening_day. k-anonymous like
-- agg_demographics_day.
{{ config(tags=['daily']) }}
{% set sums = ['listen_count', 'new_track_listen_count', 'repeat_listen_count', 'new_artist_listen_count'] %}
with listens as (
    select
        source,
        user_key,
        {% for column in sums %}
        sum({{ column }}) as {{ column }},
        {% endfor %}
        {{ start_of('month', 'date_day') }} as month_start_date
    from {{ ref('int_discovery_days') }}
    group by source, user_key, {{ start_of('month', 'date_day') }}
),

{{ users_as_last_seen('listens', "'month'", 'p.month_start_date') }},

{{ shown_by_group('users', ['source', 'month_start_date'], sums) }}
