{# The user's version at an instant: half-open intervals, so that exactly one fits; the unknown member without a user. #}
{% macro join_user_version(fact, instant, user_key) -%}
    left join {{ ref('int_user_versions') }} as v
        on
            {{ user_key }} = v.user_key
            and {{ fact }}.{{ instant }} >= v.valid_from
            and ({{ fact }}.{{ instant }} < v.valid_to or v.valid_to is null)
{%- endmacro %}
