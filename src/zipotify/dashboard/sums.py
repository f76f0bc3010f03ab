"""What a view adds up, from the smallest table that knows it.

Whole days come added up: of everybody by day (agg_day), of some users by their version (fct_version_days), by title
with level and gender (fct_title_days). Plays and page views themselves are read for what these don't know: the day
within which a period ends, as the one before the running one does, and titles by other filters.
"""

from __future__ import annotations

from zipotify.dashboard.scope import Scope, literal


def plays(scope: Scope, before: bool = False) -> str:
    """Rows of date_day, play_count, listen_count and heard_ms that add up to the plays of the period."""
    days = f"""select date_day, play_count, listen_count, heard_ms
    from {_days_table(scope)} where {scope.where_whole_days(before)}"""
    cut = scope.where_cut_day("played_at", before)
    if not cut:
        return days
    return f"""{days}
    union all
    select played_date, 1, is_listen::integer, heard_ms from fct_plays where {cut}"""


def hours(scope: Scope) -> str:
    """Rows of date_day, hour_of_day and play_count that add up to the plays of the period."""
    if scope.is_everybody:
        return f"select date_day, hour_of_day, play_count from agg_hour where {scope.whole_days()}"
    return f"""select played_date as date_day, hour(played_at)::integer as hour_of_day, count(*) as play_count
    from fct_plays where {scope.where("played_at")}
    group by all"""


def titles(scope: Scope, before: bool = False) -> str:
    """Rows of artist, song, track_key, play_count and heard_ms that add up to the plays of the period."""
    single = "select artist, song, track_key, 1 as play_count, heard_ms from fct_plays where"
    filters = scope.filters
    if any((filters.state, filters.device, filters.tag, filters.user)):
        return f"{single} {scope.where('played_at', before)}"
    people = {"level": filters.level, "gender": filters.gender}
    wanted = [f"{column} = {literal(value)}" for column, value in people.items() if value]
    days = f"""select artist, song, track_key, play_count, heard_ms
    from fct_title_days where {" and ".join([scope.whole_days(before), *wanted])}"""
    cut = scope.where_cut_day("played_at", before)
    return f"{days}\n    union all\n    {single} {cut}" if cut else days


def cancellations(scope: Scope, before: bool = False) -> str:
    """Rows of cancellation_count that add up to the accounts closed in the period."""
    days = f"select cancellation_count from {_days_table(scope)} where {scope.where_whole_days(before)}"
    cut = scope.where_cut_day("viewed_at", before)
    closed = "page = 'Cancellation Confirmation'"
    return f"{days}\n    union all\n    select 1 from fct_page_views where {closed} and {cut}" if cut else days


def session_count(scope: Scope) -> str:
    """A query for the sessions with a play in the period.

    A session of everybody counts when it has a play; of those that reach over an end of the period, and of some users,
    who may change within a session, the plays themselves tell.
    """
    of_plays = f"select count(distinct session_key) from fct_plays where {scope.where('played_at')}"
    if not scope.is_everybody:
        return of_plays
    source, start, end = (literal(value) for value in (scope.source, scope.span.start, scope.span.end))
    reaching = " or ".join(f"started_at < {edge} and ended_at >= {edge}" for edge in (start, end))
    return f"""select count(*) + ({of_plays} and session_key in (
        select session_key from fct_sessions where source = {source} and ({reaching})
    ))
    from fct_sessions
    where source = {source} and play_count > 0 and started_at >= {start} and ended_at < {end}"""


def _days_table(scope: Scope) -> str:
    """Of whole days; everybody's day is one row."""
    return "agg_day" if scope.is_everybody else "fct_version_days"
