-- What days say together is what the facts say.
with days as (
    select
        sum(play_count) as play_count,
        sum(listen_count) as listen_count,
        sum(heard_ms) as heard_ms,
        sum(page_view_count) as page_view_count,
        sum(session_count) as session_count
    from {{ ref('agg_day') }}
),

tracks as (
    select
        sum(play_count) as play_count,
        sum(listen_count) as listen_count,
        sum(heard_ms) as heard_ms
    from {{ ref('agg_track_day') }}
),

facts as (
    select
        count(*) as play_count,
        sum(cast(is_listen as integer)) as listen_count,
        coalesce(sum(heard_ms), 0) as heard_ms
    from {{ ref('fct_plays') }}
)

select d.*
from facts as f
cross join days as d
cross join tracks as t
where
    f.play_count > 0
    and (
        d.play_count <> f.play_count
        or d.listen_count <> f.listen_count
        or d.heard_ms <> f.heard_ms
        or t.play_count <> f.play_count
        or t.listen_count <> f.listen_count
        or t.heard_ms <> f.heard_ms
        or d.page_view_count <> (select count(*) from {{ ref('fct_page_views') }})
        or d.session_count <> (select count(*) from {{ ref('fct_sessions') }})
    )
