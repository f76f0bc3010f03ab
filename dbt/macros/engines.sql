{# Engines other than DuckDB build from nothing: what changed since the last build is worked out for DuckDB only. #}
{% macro is_incremental() -%}
    {{ return(target.type == 'duckdb' and dbt.is_incremental()) }}
{%- endmacro %}

{% materialization incremental, adapter='spark' -%}
    {{ return(materialization_table_spark()) }}
{%- endmaterialization %}

{% materialization incremental, adapter='bigquery' -%}
    {{ return(materialization_table_bigquery()) }}
{%- endmaterialization %}
