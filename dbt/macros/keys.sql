{# Surrogate keys are hashes of natural keys, so that two builds of the same data are equal. #}
{% macro hash_key(columns) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append("coalesce(cast(" ~ column ~ " as string), chr(30))") -%}
    {%- endfor -%}
    {{ hashed(texts | join(" || chr(31) || ")) }}
{%- endmacro %}

{# Key of the unknown member that every dimension has. #}
{% macro unknown_key() -%}
    'unknown'
{%- endmacro %}

{% macro location_key(city, state) -%}
    case when {{ city }} is null and {{ state }} is null then {{ unknown_key() }} else {{ hash_key([city, state]) }} end
{%- endmacro %}
