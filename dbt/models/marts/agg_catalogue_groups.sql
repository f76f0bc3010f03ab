-- Grain: one row per source, month, kind (genre or decade of release) and name of it, dimension (level, gender, device,
-- state) and value of those who played it, each as last seen in the month. k-anonymous like agg_demographics_day.
{{ config(tags=['daily']) }}
{% set sums = ['play_count', 'listen_count', 'heard_ms'] %}
with plays as (
    select
        source,
        {{ start_of('month', 'played_date') }} as month_start_date,
        user_key,
        coalesce(genre, 'unknown') as genre,
        coalesce(cast({{ times_in(10, 'release_year') }} * 10 as string) || 's', 'unknown') as decade,
        count(*) as play_count,
        count(case when is_listen then 1 end) as listen_count,
        coalesce(sum(heard_ms), 0) as heard_ms
    from {{ ref('int_plays_named') }}
    where user_key is not null
    group by all
),

user_plays as (
    {% for kind in ['genre', 'decade'] %}
    select
        source,
        month_start_date,
        user_key,
        '{{ kind }}' as kind,
        {% for column in sums %}
        sum({{ column }}) as {{ column }},
        {% endfor %}
        {{ kind }} as kind_name
    from plays
    group by source, month_start_date, user_key, {{ kind }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

{{ users_as_last_seen('user_plays', "'month'", 'p.month_start_date') }},

{{ shown_by_group('users', ['source', 'month_start_date', 'kind', 'kind_name'], sums) }}
