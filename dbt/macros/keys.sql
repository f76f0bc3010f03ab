{# Surrogate keys are hashes of natural keys, so that two builds of the same data are equal. #}
{% macro hash_key(columns) -%}
    md5({% for column in columns %}coalesce(cast({{ column }} as varchar), chr(30)){% if not loop.last %} || chr(31) || {% endif %}{% endfor %})
{%- endmacro %}

{# Key of the unknown member that every dimension has. #}
{% macro unknown_key() -%}
    'unknown'
{%- endmacro %}

{% macro location_key(city, state) -%}
    case when {{ city }} is null and {{ state }} is null then {{ unknown_key() }} else {{ hash_key([city, state]) }} end
{%- endmacro %}
