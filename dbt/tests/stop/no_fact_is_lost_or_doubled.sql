-- Each fact has as many rows as events came in, and as many again when all its dimensions are joined.
with counts as (
    {% for fact, staged, day in [
        ('fct_plays', 'stg_events__listens', 'played_date'),
        ('fct_page_views', 'stg_events__page_views', 'viewed_date'),
        ('fct_auths', 'stg_events__auths', 'authed_date'),
    ] %}
    select
        '{{ fact }}' as fact,
        (select count(*) from {{ ref(staged) }}) as event_count,
        (select count(*) from {{ ref(fact) }}) as fact_count,
        count(*) as wide_count
    from {{ ref(fact) }} as f
    inner join {{ ref('dim_dates') }} as d on f.{{ day }} = d.date_day
    inner join {{ ref('dim_users') }} as u on f.user_version_key = u.user_version_key
    inner join {{ ref('dim_locations') }} as l on f.location_key = l.location_key
    inner join {{ ref('fct_sessions') }} as s on f.session_key = s.session_key
    {% if fact == 'fct_plays' %}
    inner join {{ ref('dim_tracks') }} as t on f.track_key = t.track_key
    inner join {{ ref('dim_artists') }} as a on f.artist_key = a.artist_key
    {% endif %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select *
from counts
where event_count <> fact_count or fact_count <> wide_count
