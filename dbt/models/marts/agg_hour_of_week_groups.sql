-- Grain: one row per source, ISO weekday (1 is Monday), UTC hour, dimension (level, gender, device, state) and value of
-- those who played in it, each as last seen at all. k-anonymous like agg_demographics_day.
{{ config(tags=['daily']) }}
{% set sums = ['play_count', 'listen_count', 'heard_ms'] %}
with plays as (
    select
        source,
        user_key,
        cast({{ iso_weekday('played_at') }} as integer) as iso_weekday,
        cast(extract(hour from played_at) as integer) as hour_of_day,
        count(*) as play_count,
        count(case when is_listen then 1 end) as listen_count,
        coalesce(sum(heard_ms), 0) as heard_ms
    from {{ ref('fct_plays') }}
    where user_key is not null
    group by source, user_key, {{ iso_weekday('played_at') }}, extract(hour from played_at)
),

{{ users_as_last_seen('plays', "'all'", "date '1970-01-01'") }},

{{ shown_by_group('users', ['source', 'iso_weekday', 'hour_of_day'], sums) }}
