{# What GoogleSQL spells differently from DuckDB. #}
{% macro bigquery__instant_from_ms(column) -%}
    timestamp_millis({{ column }})
{%- endmacro %}

{% macro bigquery__instant_from_us(us) -%}
    timestamp_micros({{ us }})
{%- endmacro %}

{% macro bigquery__instant_from_zoned(column) -%}
    {{ column }}
{%- endmacro %}

{% macro bigquery__ms_of(instant) -%}
    unix_millis({{ instant }})
{%- endmacro %}

{# Bytes that are no UTF-8 become U+FFFD, which is above what the text may hold. #}
{% macro bigquery__latin_1_as_utf_8(column) -%}
    nullif(
        regexp_replace(
            safe_convert_bytes_to_string(code_points_to_bytes(to_code_points({{ column }}))), r'^.*\x{FFFD}.*$', ''
        ), ''
    )
{%- endmacro %}

{% macro bigquery__matches(text, pattern) -%}
    regexp_contains({{ text }}, r'{{ pattern }}')
{%- endmacro %}

{% macro bigquery__byte_length(text) -%}
    byte_length({{ text }})
{%- endmacro %}

{% macro bigquery__hashed(text) -%}
    to_hex(md5({{ text }}))
{%- endmacro %}

{% macro bigquery__as_double(value) -%}
    cast({{ value }} as float64)
{%- endmacro %}

{% macro bigquery__times_in(number, other) -%}
    div({{ other }}, {{ number }})
{%- endmacro %}

{% macro bigquery__earlier_of(one, other) -%}
    coalesce(least({{ one }}, {{ other }}), {{ one }}, {{ other }})
{%- endmacro %}

{% macro bigquery__plus_days(day, days) -%}
    date_add({{ day }}, interval {{ days }} day)
{%- endmacro %}

{% macro bigquery__plus_months(day, months) -%}
    date_add({{ day }}, interval {{ months }} month)
{%- endmacro %}

{% macro bigquery__start_of(part, day) -%}
    date_trunc(cast({{ day }} as date), {{ 'isoweek' if part == 'week' else part }})
{%- endmacro %}

{% macro bigquery__days_between(earlier, later) -%}
    date_diff({{ later }}, {{ earlier }}, day)
{%- endmacro %}

{% macro bigquery__iso_weekday(moment) -%}
    (mod(extract(dayofweek from {{ moment }}) + 5, 7) + 1)
{%- endmacro %}

{% macro bigquery__iso_week(day) -%}
    extract(isoweek from {{ day }})
{%- endmacro %}

{% macro bigquery__weekday_name(day) -%}
    format_date('%A', {{ day }})
{%- endmacro %}

{% macro bigquery__percentile(column, share) -%}
    array_agg({{ column }} ignore nulls order by {{ column }})[
        safe_ordinal(greatest(1, cast(ceil({{ share }} * count({{ column }})) as int64)))
    ]
{%- endmacro %}

{% macro bigquery__median_between(column) -%}
    (
        array_agg({{ column }} ignore nulls order by {{ column }})[safe_ordinal(div(count({{ column }}) + 1, 2))]
        + array_agg({{ column }} ignore nulls order by {{ column }})[safe_ordinal(div(count({{ column }}) + 2, 2))]
    ) / 2
{%- endmacro %}

{% macro bigquery__first_by(value, order) -%}
    array_agg({{ value }} ignore nulls order by {{ order | join(', ') }} limit 1)[safe_offset(0)]
{%- endmacro %}

{% macro bigquery__last_by(value, order) -%}
    array_agg({{ value }} ignore nulls order by {{ order | join(' desc, ') }} desc limit 1)[safe_offset(0)]
{%- endmacro %}

{% macro bigquery__all_but(columns) -%}
    * except ({{ columns | join(', ') }})
{%- endmacro %}
