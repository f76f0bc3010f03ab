{# What engines spell differently, and nothing else does. The default is DuckDB's way; `dialect_spark.sql` and
   `dialect_bigquery.sql` have the others'. Instants are UTC timestamps (without a zone where the engine has such), so
   that no session setting moves a day. #}
{% macro instant_from_ms(column) -%}
    {{ adapter.dispatch('instant_from_ms', 'zipotify')(column) }}
{%- endmacro %}

{% macro default__instant_from_ms(column) -%}
    make_timestamp({{ column }} * 1000)
{%- endmacro %}

{% macro instant_from_us(us) -%}
    {{ adapter.dispatch('instant_from_us', 'zipotify')(us) }}
{%- endmacro %}

{% macro default__instant_from_us(us) -%}
    make_timestamp({{ us }})
{%- endmacro %}

{% macro instant_from_zoned(column) -%}
    {{ adapter.dispatch('instant_from_zoned', 'zipotify')(column) }}
{%- endmacro %}

{% macro default__instant_from_zoned(column) -%}
    make_timestamp(epoch_us({{ column }}))
{%- endmacro %}

{% macro ms_of(instant) -%}
    {{ adapter.dispatch('ms_of', 'zipotify')(instant) }}
{%- endmacro %}

{% macro default__ms_of(instant) -%}
    epoch_ms({{ instant }})
{%- endmacro %}

{% macro ms_between(earlier, later) -%}
    ({{ ms_of(later) }} - {{ ms_of(earlier) }})
{%- endmacro %}

{# Text whose UTF-8 bytes were once read as Latin-1 ("BjÃ¶rk"): read them right; anything else stays. #}
{% macro repaired_once(column) -%}
    case
        -- ASCII, as most are, is never wrong, and cheaper to see than a pattern.
        when {{ byte_length(column) }} = length({{ column }}) then {{ column }}
        when
            {{ matches(column, '[\\x{C2}-\\x{F4}][\\x{80}-\\x{BF}]') }}
            and not {{ matches(column, '[^\\x{00}-\\x{FF}]') }}
            then coalesce({{ latin_1_as_utf_8(column) }}, {{ column }})
        else {{ column }}
    end
{%- endmacro %}

{# The text that its characters, taken as bytes, spell in UTF-8; null where they spell none. Only for U+0000 to U+00FF. #}
{% macro latin_1_as_utf_8(column) -%}
    {{ adapter.dispatch('latin_1_as_utf_8', 'zipotify')(column) }}
{%- endmacro %}

{% macro default__latin_1_as_utf_8(column) -%}
    try(decode(unhex(array_to_string(
        list_transform(string_split({{ column }}, ''), lambda c: printf('%02x', unicode(c))), ''
    ))))
{%- endmacro %}

{# Whether the pattern, which both RE2 and Java must understand, is anywhere in the text. #}
{% macro matches(text, pattern) -%}
    {{ adapter.dispatch('matches', 'zipotify')(text, pattern) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{# Bytes of a text in UTF-8. #}
{% macro byte_length(text) -%}
    {{ adapter.dispatch('byte_length', 'zipotify')(text) }}
{%- endmacro %}

{% macro default__byte_length(text) -%}
    strlen({{ text }})
{%- endmacro %}

{# A hash in hexadecimal digits. #}
{% macro hashed(text) -%}
    {{ adapter.dispatch('hashed', 'zipotify')(text) }}
{%- endmacro %}

{% macro default__hashed(text) -%}
    md5({{ text }})
{%- endmacro %}

{# A number with a fraction, of eight bytes. #}
{% macro as_double(value) -%}
    {{ adapter.dispatch('as_double', 'zipotify')(value) }}
{%- endmacro %}

{% macro default__as_double(value) -%}
    cast({{ value }} as double)
{%- endmacro %}

{# How often one whole number goes into another. #}
{% macro times_in(number, other) -%}
    {{ adapter.dispatch('times_in', 'zipotify')(number, other) }}
{%- endmacro %}

{% macro default__times_in(number, other) -%}
    {{ other }} // {{ number }}
{%- endmacro %}

{# The earlier of two instants, or the smaller of two others; where one is null, the other. #}
{% macro earlier_of(one, other) -%}
    {{ adapter.dispatch('earlier_of', 'zipotify')(one, other) }}
{%- endmacro %}

{% macro default__earlier_of(one, other) -%}
    least({{ one }}, {{ other }})
{%- endmacro %}

{% macro plus_days(day, days) -%}
    {{ adapter.dispatch('plus_days', 'zipotify')(day, days) }}
{%- endmacro %}

{% macro default__plus_days(day, days) -%}
    ({{ day }} + {{ days }})
{%- endmacro %}

{% macro plus_months(day, months) -%}
    {{ adapter.dispatch('plus_months', 'zipotify')(day, months) }}
{%- endmacro %}

{% macro default__plus_months(day, months) -%}
    cast({{ day }} + interval ({{ months }}) month as date)
{%- endmacro %}

{# The day on which a year, month or ISO week begins. #}
{% macro start_of(part, day) -%}
    {{ adapter.dispatch('start_of', 'zipotify')(part, day) }}
{%- endmacro %}

{% macro default__start_of(part, day) -%}
    cast(date_trunc('{{ part }}', {{ day }}) as date)
{%- endmacro %}

{% macro days_between(earlier, later) -%}
    {{ adapter.dispatch('days_between', 'zipotify')(earlier, later) }}
{%- endmacro %}

{% macro default__days_between(earlier, later) -%}
    datediff('day', {{ earlier }}, {{ later }})
{%- endmacro %}

{# Monday is 1, Sunday 7. #}
{% macro iso_weekday(moment) -%}
    {{ adapter.dispatch('iso_weekday', 'zipotify')(moment) }}
{%- endmacro %}

{% macro default__iso_weekday(moment) -%}
    isodow({{ moment }})
{%- endmacro %}

{% macro iso_week(day) -%}
    {{ adapter.dispatch('iso_week', 'zipotify')(day) }}
{%- endmacro %}

{% macro default__iso_week(day) -%}
    extract(week from {{ day }})
{%- endmacro %}

{# The year that the ISO week of the day belongs to. #}
{% macro iso_year(day) -%}
    {{ adapter.dispatch('iso_year', 'zipotify')(day) }}
{%- endmacro %}

{% macro default__iso_year(day) -%}
    extract(isoyear from {{ day }})
{%- endmacro %}

{% macro weekday_name(day) -%}
    {{ adapter.dispatch('weekday_name', 'zipotify')(day) }}
{%- endmacro %}

{% macro default__weekday_name(day) -%}
    dayname({{ day }})
{%- endmacro %}

{# The smallest value that at least this share of the values does not exceed: one of them, so that it is exact. #}
{% macro percentile(column, share) -%}
    {{ adapter.dispatch('percentile', 'zipotify')(column, share) }}
{%- endmacro %}

{% macro default__percentile(column, share) -%}
    quantile_disc({{ column }}, {{ share }})
{%- endmacro %}

{% macro median_between(column) -%}
    {{ adapter.dispatch('median_between', 'zipotify')(column) }}
{%- endmacro %}

{% macro default__median_between(column) -%}
    quantile_cont({{ column }}, 0.5)
{%- endmacro %}

{# The value of the row that comes first by `order`, none of which may be null, among rows that have one. #}
{% macro first_by(value, order) -%}
    {{ adapter.dispatch('first_by', 'zipotify')(value, order) }}
{%- endmacro %}

{% macro default__first_by(value, order) -%}
    min_by({{ value }}, row({{ order | join(', ') }}))
{%- endmacro %}

{% macro last_by(value, order) -%}
    {{ adapter.dispatch('last_by', 'zipotify')(value, order) }}
{%- endmacro %}

{% macro default__last_by(value, order) -%}
    max_by({{ value }}, row({{ order | join(', ') }}))
{%- endmacro %}

{# `first_value` or `last_value` of the rows that have one. #}
{% macro known(which, column, frame) -%}
    {{ adapter.dispatch('known', 'zipotify')(which, column, frame) }}
{%- endmacro %}

{% macro default__known(which, column, frame) -%}
    {{ which }}({{ column }} ignore nulls) over {{ frame }}
{%- endmacro %}

{# All columns but these. #}
{% macro all_but(columns) -%}
    {{ adapter.dispatch('all_but', 'zipotify')(columns) }}
{%- endmacro %}

{% macro default__all_but(columns) -%}
    * exclude ({{ columns | join(', ') }})
{%- endmacro %}
