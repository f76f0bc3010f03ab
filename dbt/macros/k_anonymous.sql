{# Groups of fewer than k people, out of `groups` (keys, value, user_count and sums), are merged into 'other'. While
   'other' has fewer than k, the next larger group joins it: otherwise the total would give it away. Nothing is left of
   keys that have fewer than k people in all. Each person is in one group per keys, so that counts may be added. #}
{% macro k_anonymous(groups, keys, value, sums) -%}
{%- set k = var('k_anonymity') -%}
{%- set shown -%}
case
            when ranked.user_count < {{ k }} then 'other'
            when ranked.smaller_count > 0 and ranked.smaller_count < {{ k }} then 'other'
            else ranked.{{ value }}
        end
{%- endset -%}
    select
        {% for key in keys %}ranked.{{ key }},
        {% endfor -%}
        {{ shown }} as {{ value }},
        cast(sum(ranked.user_count) as bigint) as user_count{{ "," if sums }}
        {% for column in sums -%}
        cast(sum(ranked.{{ column }}) as bigint) as {{ column }}{{ "," if not loop.last }}
        {% endfor %}
    from (
        select
            *,
            sum(user_count) over (
                partition by {{ keys | join(', ') }} order by user_count, {{ value }}
                rows between unbounded preceding and 1 preceding
            ) as smaller_count
        from {{ groups }}
    ) as ranked
    group by
        {% for key in keys %}ranked.{{ key }},
        {% endfor -%}
        {{ shown }}
    having sum(ranked.user_count) >= {{ k }}
{%- endmacro %}
