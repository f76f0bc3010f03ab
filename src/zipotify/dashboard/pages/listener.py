"""One (pseudonymous) listener: what they hear, and what might be recommended to them. For analysts."""

from __future__ import annotations

from zipotify.access.roles import Role
from zipotify.dashboard import wording
from zipotify.dashboard.components.ranking import Entry, ranking
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.pages.searched import searched
from zipotify.dashboard.pages.track import track_href
from zipotify.dashboard.scope import Scope, literal
from zipotify.dashboard.tile import Component, Frame, Tile

PATH = "/music/listener"
_NEEDS = ("user",)
_SHOWN = 20


def _recommended_sql(scope: Scope) -> str:
    return f"""select rank_number, song, artist, score
from agg_recommendations
where source = {literal(scope.source)} and user_key = {literal(scope.filters.user)}
order by rank_number
limit {_SHOWN}"""


def _draw_recommended(frame: Frame) -> Component:
    entries = [
        Entry(
            row["song"] or "(no name)",
            row["score"],
            by=row["artist"] or "(no name)",
            shown=f"{row['score']:.2f}",
            href=track_href(frame.scope.filters.with_(user=""), row["artist"], row["song"]),
        )
        for row in frame.records()
    ]
    return ranking(entries, "Track", "Score")


RECOMMENDED = Tile(
    "recommendations",
    "Recommendations",
    "tracks that this listener has not listened to, the best guess first; from all of their history",
    "Matrix factorisation (ALS) over who listened to what; the score orders tracks and has no unit. Worked out by"
    " `zipotify analyses`; how often it is right is in agg_recommendation_quality.",
    _recommended_sql,
    _draw_recommended,
    lambda frame: f"First: {', '.join(str(song) for song in frame.column('song')[:3])}.",
    people=False,
    needs=_NEEDS,
    tables=("agg_recommendations",),
    role=Role.ANALYST,
    why_empty="No recommendations for this listener: there was too little to learn from.",
)


def _heard_sql(scope: Scope) -> str:
    return f"""select song, artist, count(*) as play_count, sum(heard_ms)::bigint as heard_ms
from fct_plays where {scope.where("played_at")}
group by 1, 2
order by play_count desc, artist, song
limit {_SHOWN}"""


def _draw_heard(frame: Frame) -> Component:
    entries = [
        Entry(
            row["song"] or "(no name)",
            row["play_count"],
            by=row["artist"] or "(no name)",
            note=wording.duration(row["heard_ms"]),
            href=track_href(frame.scope.filters.with_(user=""), row["artist"], row["song"]),
        )
        for row in frame.records()
    ]
    return ranking(entries, "Track", "Plays", "Heard")


HEARD = Tile(
    "listener-tracks",
    "Most heard",
    "this listener's tracks by plays, with the time that they were heard",
    "Tracks by title and artist as played.",
    _heard_sql,
    _draw_heard,
    lambda frame: f"Most heard: {', '.join(str(song) for song in frame.column('song')[:3])}.",
    metrics=("plays",),
    needs=_NEEDS,
    role=Role.ANALYST,
)


def _listeners_sql(scope: Scope) -> str:
    return f"""with foremost as (
    select user_key, sum(play_count)::bigint as play_count
    from fct_version_days where play_count > 0 and {scope.where_whole_days()}
    group by 1
    order by play_count desc, user_key
    limit {_SHOWN}
),
heard as (
    select distinct user_key, artist, song
    from fct_plays where user_key in (select user_key from foremost) and {scope.where("played_at")}
)
select user_key, play_count, count(*) as track_count
from foremost join heard using (user_key)
group by all
order by play_count desc, user_key"""


def _draw_listeners(frame: Frame) -> Component:
    entries = [
        Entry(
            row["user_key"][:12],
            row["play_count"],
            note=wording.exact(row["track_count"]),
            href=f"{PATH}{frame.scope.filters.with_(user=row['user_key']).search()}",
        )
        for row in frame.records()
    ]
    return ranking(entries, "Listener", "Plays", "Tracks")


LISTENERS = Tile(
    "listeners",
    "Listeners",
    "users with the most plays in the period, by the beginning of their key; one leads to the listener's page",
    "A user's key is a keyed hash of source and user id: it tells users apart and names nobody.",
    _listeners_sql,
    _draw_listeners,
    lambda frame: f"The first has {wording.exact(frame.column('play_count')[0])} plays.",
    width="full",
    metrics=("plays",),
    role=Role.ANALYST,
)

PAGE: Page = Page(
    PATH,
    "Listener",
    "What does this listener hear, and what might be next?",
    (RECOMMENDED, HEARD, LISTENERS),
    lambda filters: searched(PAGE, filters, tiles=(RECOMMENDED, HEARD) if filters.user else (LISTENERS,)),
    needs=_NEEDS,
    title=lambda filters: f"Listener {filters.user[:12]}" if filters.user else "Listeners",
    above="/music",
)
