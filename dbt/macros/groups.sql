{# In a `with`: the rows of `rows`, which name a user each, as `users` with the groups in which the user was last seen in
   the window of that kind and start (expressions over a row `p`). #}
{% macro users_as_last_seen(rows, kind, start) -%}
users as (
    select
        p.*,
        w.level,
        w.gender,
        w.device,
        w.state
    from {{ rows }} as p
    inner join {{ ref('int_user_windows') }} as w
        on
            p.source = w.source
            and p.user_key = w.user_key
            and {{ kind }} = w.window_kind
            and {{ start }} = w.window_start_date
)
{%- endmacro %}

{# Ends a `with`: figures of `users`, one row per keys and user with a column for each dimension, are added up by
   dimension and group, and shown k-anonymous. #}
{% macro shown_by_group(users, keys, sums, dimensions=['level', 'gender', 'device', 'state']) -%}
user_groups as (
    {% for dimension in dimensions %}
    select
        {% for key in keys %}
        {{ key }},
        {% endfor %}
        '{{ dimension }}' as dimension,
        coalesce({{ dimension }}, 'unknown') as value,
        {% for column in sums %}
        sum({{ column }}) as {{ column }},
        {% endfor %}
        count(*) as user_count
    from {{ users }}
    group by {{ keys | join(', ') }}, coalesce({{ dimension }}, 'unknown')
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

{{ k_anonymous('user_groups', keys + ['dimension'], 'value', sums) }}
{%- endmacro %}
