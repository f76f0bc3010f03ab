{# What Spark SQL spells differently from DuckDB; sessions are in UTC. #}
{% macro spark__instant_from_ms(column) -%}
    timestamp_millis({{ column }})
{%- endmacro %}

{% macro spark__instant_from_us(us) -%}
    timestamp_micros({{ us }})
{%- endmacro %}

{% macro spark__instant_from_zoned(column) -%}
    {{ column }}
{%- endmacro %}

{% macro spark__ms_of(instant) -%}
    unix_millis({{ instant }})
{%- endmacro %}

{% macro spark__latin_1_as_utf_8(column) -%}
    try_validate_utf8(cast(encode({{ column }}, 'ISO-8859-1') as string))
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    regexp_like({{ text }}, r'{{ pattern }}')
{%- endmacro %}

{% macro spark__byte_length(text) -%}
    octet_length({{ text }})
{%- endmacro %}

{% macro spark__times_in(number, other) -%}
    {{ other }} div {{ number }}
{%- endmacro %}

{% macro spark__plus_days(day, days) -%}
    date_add({{ day }}, {{ days }})
{%- endmacro %}

{% macro spark__plus_months(day, months) -%}
    add_months({{ day }}, {{ months }})
{%- endmacro %}

{% macro spark__days_between(earlier, later) -%}
    datediff({{ later }}, {{ earlier }})
{%- endmacro %}

{% macro spark__iso_weekday(moment) -%}
    extract(dayofweek_iso from {{ moment }})
{%- endmacro %}

{% macro spark__iso_year(day) -%}
    extract(yearofweek from {{ day }})
{%- endmacro %}

{% macro spark__weekday_name(day) -%}
    date_format({{ day }}, 'EEEE')
{%- endmacro %}

{# Of whole numbers; Spark would make fractions of them. #}
{% macro spark__percentile(column, share) -%}
    cast(percentile_disc({{ share }}) within group (order by {{ column }}) as bigint)
{%- endmacro %}

{% macro spark__median_between(column) -%}
    percentile({{ column }}, 0.5)
{%- endmacro %}

{# A row without a value is out when its order is null. #}
{% macro spark__first_by(value, order) -%}
    min_by({{ value }}, case when {{ value }} is not null then struct({{ order | join(', ') }}) end)
{%- endmacro %}

{% macro spark__last_by(value, order) -%}
    max_by({{ value }}, case when {{ value }} is not null then struct({{ order | join(', ') }}) end)
{%- endmacro %}

{% macro spark__known(which, column, frame) -%}
    {{ which }}({{ column }}) ignore nulls over {{ frame }}
{%- endmacro %}

{% macro spark__all_but(columns) -%}
    * except ({{ columns | join(', ') }})
{%- endmacro %}
