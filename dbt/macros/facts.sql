{# The user's version at an instant: half-open intervals, so that exactly one fits; the unknown member without a user. #}
{% macro join_user_version(fact, instant, user_key) -%}
    left join {{ ref('int_user_versions') }} as v
        on
            {{ user_key }} = v.user_key
            and {{ fact }}.{{ instant }} >= v.valid_from
            {#- An `or` here would make DuckDB compare each fact with each version. #}
            and {{ fact }}.{{ instant }} < coalesce(v.valid_to, cast('9999-12-31' as timestamp))
{%- endmacro %}
