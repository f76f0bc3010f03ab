{# What engines spell differently. Instants are UTC timestamps without a zone, so that no session setting moves a day. #}
{% macro instant_from_ms(column) -%}
    make_timestamp({{ column }} * 1000)
{%- endmacro %}

{% macro instant_from_us(us) -%}
    make_timestamp({{ us }})
{%- endmacro %}

{% macro instant_from_zoned(column) -%}
    make_timestamp(epoch_us({{ column }}))
{%- endmacro %}

{% macro ms_between(earlier, later) -%}
    (epoch_ms({{ later }}) - epoch_ms({{ earlier }}))
{%- endmacro %}

{# Text whose UTF-8 bytes were once read as Latin-1 ("BjÃ¶rk"): read them right; anything else stays. #}
{% macro repaired_once(column) -%}
    case
        when
            regexp_matches({{ column }}, '[\x{C2}-\x{F4}][\x{80}-\x{BF}]')
            and not regexp_matches({{ column }}, '[^\x{00}-\x{FF}]')
            then coalesce(
                try(decode(unhex(array_to_string(
                    list_transform(string_split({{ column }}, ''), lambda c: printf('%02x', unicode(c))), ''
                )))), {{ column }}
            )
        else {{ column }}
    end
{%- endmacro %}

{% macro ms_of(instant) -%}
    epoch_ms({{ instant }})
{%- endmacro %}

{% macro plus_days(day, days) -%}
    ({{ day }} + {{ days }})
{%- endmacro %}

{% macro next_month(day) -%}
    cast({{ day }} + interval 1 month as date)
{%- endmacro %}

{% macro start_of(part, day) -%}
    cast(date_trunc('{{ part }}', {{ day }}) as date)
{%- endmacro %}

{% macro days_between(earlier, later) -%}
    datediff('day', {{ earlier }}, {{ later }})
{%- endmacro %}

{# The smallest value that at least this share of the values does not exceed: one of them, so that it is exact. #}
{% macro percentile(column, share) -%}
    quantile_disc({{ column }}, {{ share }})
{%- endmacro %}

{% macro median_between(column) -%}
    quantile_cont({{ column }}, 0.5)
{%- endmacro %}

{% macro credits_of(credit) -%}
    string_split_regex({{ credit }}, '(?i)\s+[(\[]?(?:feat(?:\.|uring)?|ft\.?)\s+')
{%- endmacro %}
