-- Grain: one row per source, cohort (month of the first event at level free, or 'all'), and step from free to paid.
-- Each step is the first of its kind at or after the step before it.
{{ config(tags=['daily']) }}
with timed as (
    select
        *,
        {{ ms_between('lag(reached_at) over user_order', 'reached_at') }} as waited_ms
    from {{ ref('int_funnel_steps') }}
    window user_order as (partition by source, user_key order by step_number)
),

cohorts as (
    {% for cohort in ["'all'", "cast(cohort_month as string)"] %}
    select
        source,
        {{ cohort }} as cohort,
        step_number,
        step,
        waited_ms
    from timed
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

counted as (
    select
        source,
        cohort,
        step_number,
        step,
        count(*) as user_count,
        {{ percentile('waited_ms', 0.5) }} as waited_p50_ms
    from cohorts
    group by source, cohort, step_number, step
)

select
    source,
    cohort,
    cast(step_number as integer) as step_number,
    step,
    user_count,
    {{ as_double('user_count') }} / lag(user_count) over step_order as conversion,
    {{ as_double('user_count') }} / first_value(user_count) over step_order as conversion_from_free,
    waited_p50_ms
from counted
window step_order as (partition by source, cohort order by step_number)
