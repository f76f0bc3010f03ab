{# Share of a standard normal variable at or below x: Abramowitz and Stegun 26.2.17, off by 7.5e-8 at most. #}
{% macro normal_cdf(x) -%}
{%- set t = "(1.0 / (1.0 + 0.2316419 * abs(" ~ x ~ ")))" -%}
    case
        when {{ x }} is null then null
        when {{ x }} >= 0
            then 1.0 - {{ _upper_tail(x, t) }}
        else {{ _upper_tail(x, t) }}
    end
{%- endmacro %}

{% macro _upper_tail(x, t) -%}
    exp(-0.5 * {{ x }} * {{ x }}) / 2.5066282746310002 * (
                0.319381530 * {{ t }}
                - 0.356563782 * power({{ t }}, 2)
                + 1.781477937 * power({{ t }}, 3)
                - 1.821255978 * power({{ t }}, 4)
                + 1.330274429 * power({{ t }}, 5)
            )
{%- endmacro %}
