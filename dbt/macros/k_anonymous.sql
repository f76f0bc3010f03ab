{# Groups of fewer than k people, out of `groups` (keys, value, user_count and sums): merged into 'other'; hidden when
   that is still too small. Each person is in one group per keys, so that counts may be added. #}
{% macro k_anonymous(groups, keys, value, sums) -%}
{%- set shown = "case when user_count < " ~ var('k_anonymity') ~ " then 'other' else " ~ value ~ " end" -%}
    select
        {% for key in keys %}{{ key }},
        {% endfor -%}
        {{ shown }} as {{ value }},
        cast(sum(user_count) as bigint) as user_count,
        {% for column in sums -%}
        cast(sum({{ column }}) as bigint) as {{ column }}{{ "," if not loop.last }}
        {% endfor %}
    from {{ groups }}
    group by {{ keys | join(', ') }}, {{ shown }}
    having sum(user_count) >= {{ var('k_anonymity') }}
{%- endmacro %}
