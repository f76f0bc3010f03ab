-- Grain: one row per source, month, dimension (genre or decade of release), and value.
{{ config(tags=['daily']) }}
with named as (
    {% for dimension, value in [
        ('genre', "coalesce(genre, 'unknown')"),
        ('decade', "coalesce(cast(" ~ times_in(10, 'release_year') ~ " * 10 as string) || 's', 'unknown')"),
    ] %}
    select
        source,
        {{ start_of('month', 'played_date') }} as month_start_date,
        '{{ dimension }}' as dimension,
        {{ value }} as value,
        user_key,
        is_listen,
        heard_ms
    from {{ ref('int_plays_named') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

counted as (
    select
        source,
        month_start_date,
        dimension,
        value,
        count(*) as play_count,
        count(case when is_listen then 1 end) as listen_count,
        cast(coalesce(sum(heard_ms), 0) as bigint) as heard_ms,
        count(distinct case when is_listen then user_key end) as listener_count
    from named
    group by source, month_start_date, dimension, value
)

select
    *,
    {{ as_double('play_count') }} / sum(play_count) over (partition by source, month_start_date, dimension)
        as play_share
from counted
