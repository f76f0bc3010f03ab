{# Lists, which each engine has in its own way. #}

{# To be put behind a table of `from`: each of its rows as often as the list has members, each time with one of them. #}
{% macro with_each(members, name) -%}
    {{ adapter.dispatch('with_each', 'zipotify')(members, name) }}
{%- endmacro %}

{% macro default__with_each(members, name) -%}
    cross join unnest({{ members }}) as each_{{ name }} ({{ name }}) -- noqa: AL05
{%- endmacro %}

{% macro spark__with_each(members, name) -%}
    lateral view explode({{ members }}) each_{{ name }} as {{ name }}
{%- endmacro %}

{% macro bigquery__with_each(members, name) -%}
    cross join unnest({{ members }}) as {{ name }}
{%- endmacro %}

{# Whole numbers from the first to the last. #}
{% macro numbers(first, last) -%}
    {{ adapter.dispatch('numbers', 'zipotify')(first, last) }}
{%- endmacro %}

{% macro default__numbers(first, last) -%}
    generate_series({{ first }}, {{ last }})
{%- endmacro %}

{% macro spark__numbers(first, last) -%}
    sequence({{ first }}, {{ last }})
{%- endmacro %}

{% macro bigquery__numbers(first, last) -%}
    generate_array({{ first }}, {{ last }})
{%- endmacro %}

{# The parts of an artist's credit: who it is by, and what is said to be featured. #}
{% macro credits_of(credit) -%}
    {{ adapter.dispatch('credits_of', 'zipotify')(credit) }}
{%- endmacro %}

{% macro default__credits_of(credit) -%}
    string_split_regex({{ credit }}, '{{ _featuring() }}')
{%- endmacro %}

{% macro spark__credits_of(credit) -%}
    split({{ credit }}, r'{{ _featuring() }}')
{%- endmacro %}

{% macro bigquery__credits_of(credit) -%}
    split(regexp_replace({{ credit }}, r'{{ _featuring() }}', chr(31)), chr(31))
{%- endmacro %}

{% macro _featuring() -%}
    (?i)\s+[(\[]?(?:feat(?:\.|uring)?|ft\.?)\s+
{%- endmacro %}

{% macro main_credit(credits) -%}
    {{ adapter.dispatch('main_credit', 'zipotify')(credits) }}
{%- endmacro %}

{% macro default__main_credit(credits) -%}
    {{ credits }}[1]
{%- endmacro %}

{% macro spark__main_credit(credits) -%}
    {{ credits }}[0]
{%- endmacro %}

{% macro bigquery__main_credit(credits) -%}
    {{ credits }}[offset(0)]
{%- endmacro %}

{# The names behind the first part; a list with an empty name where there are none. #}
{% macro featured_credits(credits) -%}
    {{ adapter.dispatch('featured_credits', 'zipotify')(credits) }}
{%- endmacro %}

{% macro default__featured_credits(credits) -%}
    string_split_regex(rtrim(array_to_string({{ credits }}[2:], ','), ')]'), '\s*[,&]\s*')
{%- endmacro %}

{% macro spark__featured_credits(credits) -%}
    split(rtrim(')]', array_join(slice({{ credits }}, 2, size({{ credits }})), ',')), r'\s*[,&]\s*')
{%- endmacro %}

{% macro bigquery__featured_credits(credits) -%}
    split(regexp_replace(rtrim(array_to_string(array(
        select part from unnest({{ credits }}) as part with offset as place
        where place > 0
        order by place
    ), ','), ')]'), r'\s*[,&]\s*', ','), ',')
{%- endmacro %}
