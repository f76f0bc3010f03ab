-- Grain: one row per user and window (ISO week, month, all) with any event: the groups in which they were last seen.
-- The window of all begins at 1970-01-01, whatever the source.
{{ config(tags=['daily']) }}
with last_versions as (
    {% for kind in ['week', 'month', 'all'] %}
    select
        source,
        '{{ kind }}' as window_kind,
        {{ "date '1970-01-01'" if kind == 'all' else start_of(kind, 'date_day') }} as window_start_date,
        user_key,
        {{ last_by('user_version_key', ['date_day']) }} as user_version_key
    from {{ ref('fct_user_days') }}
    group by source, user_key{% if kind != 'all' %}, {{ start_of(kind, 'date_day') }}{% endif %}

    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    w.source,
    w.window_kind,
    w.window_start_date,
    w.user_key,
    g.level,
    g.gender,
    g.device,
    g.state
from last_versions as w
inner join {{ ref('int_version_groups') }} as g on w.user_version_key = g.user_version_key
