{# Plays of `int_plays_named` by window (week, month, all) and `names`: counts, and different listeners in the window. #}
{% macro play_windows(names) -%}
{% for kind in ['week', 'month', 'all'] %}
    select
        p.source,
        '{{ kind }}' as window_kind,
        {{ 's.first_day' if kind == 'all' else start_of(kind, 'p.played_date') }} as window_start_date,
        {% for name in names %}
        p.{{ name }},
        {% endfor %}
        count(*) as play_count,
        count(case when p.is_listen then 1 end) as listen_count,
        cast(coalesce(sum(p.heard_ms), 0) as bigint) as heard_ms,
        count(distinct case when p.is_listen then p.user_key end) as listener_count
    from {{ ref('int_plays_named') }} as p
    {% if kind == 'all' %}
    inner join (
        select
            source,
            min(played_date) as first_day
        from {{ ref('int_plays_named') }}
        group by source
    ) as s on p.source = s.source
    {% endif %}
    group by all
    {% if not loop.last %}union all{% endif %}
{% endfor %}
{%- endmacro %}

{# Start of the window before one of this kind. #}
{% macro previous_window(kind, window_start) -%}
    case
        when {{ kind }} = 'day' then {{ plus_days(window_start, -1) }}
        when {{ kind }} = 'week' then {{ plus_days(window_start, -7) }}
        when {{ kind }} = 'month' then {{ plus_months(window_start, -1) }}
    end
{%- endmacro %}

{# The top of each window in `daily` (a mart by day) and `windows` (weeks, months, all), with ranks and their change. #}
{% macro top_list(daily, windows, names) -%}
with counted as (
    select
        source,
        'day' as window_kind,
        date_day as window_start_date,
        {{ names | join(',\n        ') }},
        play_count,
        listen_count,
        heard_ms,
        listener_count
    from {{ ref(daily) }}
    union all
    select
        source,
        window_kind,
        window_start_date,
        {{ names | join(',\n        ') }},
        play_count,
        listen_count,
        heard_ms,
        listener_count
    from {{ ref(windows) }}
),

ranked as (
    select
        *,
        {{ as_double('play_count') }} / sum(play_count) over (partition by source, window_kind, window_start_date)
            as play_share,
        cast(row_number() over (
            partition by source, window_kind, window_start_date
            order by play_count desc, listener_count desc, {{ names | join(' asc, ') }} asc
        ) as integer) as rank_number,
        {{ previous_window('window_kind', 'window_start_date') }} as previous_start_date
    from counted
)

select
    n.source,
    n.window_kind,
    n.window_start_date,
    n.rank_number,
    {% for name in names %}
    n.{{ name }},
    {% endfor %}
    n.play_count,
    n.listen_count,
    n.heard_ms,
    n.listener_count,
    n.play_share,
    p.rank_number as previous_rank_number,
    p.rank_number - n.rank_number as rank_change
from ranked as n
left join ranked as p
    on
        n.source = p.source
        and n.window_kind = p.window_kind
        and n.previous_start_date = p.window_start_date
        {% for name in names %}
        and n.{{ name }} = p.{{ name }}
        {% endfor %}
where n.rank_number <= {{ var('top_list_length') }}
{%- endmacro %}

{# Who plays the top of each week, month and of all in `top`: by dimension and group, each user as last seen in it. #}
{% macro top_groups(top, names) -%}
{%- set shown = names | map('replace', 'track_artist as ', '') | list -%}
{%- set sums = ['play_count', 'listen_count', 'heard_ms'] -%}
{%- set start = "case when p.window_kind = 'all' then date '1970-01-01' else p.window_start_date end" -%}
with user_plays as (
    {% for kind in ['week', 'month', 'all'] %}
    select
        t.source,
        t.window_kind,
        t.window_start_date,
        {% for name in shown %}
        t.{{ name }},
        {% endfor %}
        p.user_key,
        count(*) as play_count,
        count(case when p.is_listen then 1 end) as listen_count,
        coalesce(sum(p.heard_ms), 0) as heard_ms
    from {{ ref('int_plays_named') }} as p
    inner join {{ ref(top) }} as t
        on
            t.window_kind = '{{ kind }}'
            and p.source = t.source
            {% if kind != 'all' %}
            and {{ start_of(kind, 'p.played_date') }} = t.window_start_date
            {% endif %}
            {% for name in names %}
            and p.{{ name.split(' as ')[0] }} = t.{{ name.split(' as ')[-1] }}
            {% endfor %}
    where p.user_key is not null
    group by all
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

{{ users_as_last_seen('user_plays', 'p.window_kind', start) }},

{{ shown_by_group('users', ['source', 'window_kind', 'window_start_date'] + shown, sums) }}
{%- endmacro %}
