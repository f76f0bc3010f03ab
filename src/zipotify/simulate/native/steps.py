"""Users on their way, one after the other, each by its own numbers alone: pages, songs, gaps and sessions."""

# Elements of arrays are Any to the type checker.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from zipotify.simulate.native.compiled import compiled, inlined
from zipotify.simulate.native.philox import four

# A draw's purpose is part of its counter, so that purposes never share numbers.
STEP, SESSION, GAP, FIRST_GAP, PERSON, ARRIVAL, DRIFT, BOT, ORIGIN, FAULT = range(10)
NEVER = np.iinfo(np.int64).max
SKIP_SHARE = 0.24
"""Share of plays that are skipped, when plays say how much was heard."""
BOT_TRACKS = 3
BOT_PLAY_S = 31
BOT_SESSION_END = 0.01
DAY_S = 86_400
WEEK_S = 7 * DAY_S


class Rules(NamedTuple):
    """A configuration: machine, gaps and rhythm. See `machine.Machine` and `rhythm.Rhythm` for the arrays."""

    keys: Any
    edges: Any
    edge_dest: Any
    edge_end: Any
    starts: Any
    start_state: Any
    group: Any
    is_song: Any
    is_redirect: Any
    is_login: Any
    is_leaving: Any
    is_churned: Any
    session_gap_s: int
    shift_s: Any
    free: Any
    damping: float
    offset_s: float
    scale_s: float
    played: bool


class Music(NamedTuple):
    """Cumulative shares of the tracks, a row a week from `first_week` on; without drift one row serves all weeks."""

    shares: Any
    guide: Any
    """Per week, where in `shares` each of the equal parts of 0 to 1 begins."""
    first_week: int
    whole_s: Any
    length_ms: Any


class Users(NamedTuple):
    """Who the users are, and where each stands: the event that comes next."""

    user_id: Any
    alpha: Any
    beta: Any
    leaves_s: Any
    is_bot: Any
    t: Any
    state: Any
    session: Any
    item: Any
    step: Any
    song_end: Any
    after_login: Any


class Rows(NamedTuple):
    """Room for events."""

    user_id: Any
    ts_s: Any
    state: Any
    session: Any
    item: Any
    track: Any
    after_login: Any
    played_ms: Any


@inlined
def first_above(values: Any, limit: float, low: int, high: int) -> int:
    """Of the sorted values from `low` to `high`, the number of the first above the limit; `high` if none is."""
    while low < high:
        middle = (low + high) >> 1
        if values[middle] <= limit:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def _ramp(rules: Rules, since_midnight_s: int) -> float:
    moved = since_midnight_s + rules.offset_s
    if rules.scale_s == 0:
        return 1.0 if moved >= 0 else 0.0
    return min(max(moved / rules.scale_s, 0.0), 1.0)


@inlined
def damping(rules: Rules, t: int) -> float:
    """Probability that a session at `t` doesn't take place: full on free days, with ramps at their edges."""
    day = min(max(t // DAY_S, 1), len(rules.free) - 2)
    into = t - day * DAY_S
    before, today, after = float(rules.free[day - 1]), float(rules.free[day]), float(rules.free[day + 1])
    if before == today == after:
        return rules.damping * today
    share = before + (today - before) * _ramp(rules, into) + (after - today) * _ramp(rules, into - DAY_S)
    return rules.damping * share


@inlined
def session_start(rules: Rules, purpose: int, user: int, session: int, last: int, beta: float) -> int:
    """When the session after `last` starts; moments that the rhythm refuses are drawn again from there."""
    base, attempt = last, 0
    while True:
        u = four(rules.keys, purpose, user, session, attempt)
        t = base + int(-math.log(u[0]) * beta) + rules.session_gap_s
        t += rules.shift_s[t % DAY_S]
        if t < base:
            base += rules.session_gap_s
        elif u[1] < damping(rules, t):
            base = t
        else:
            return t
        attempt += 1


@inlined
def first_state(rules: Rules, group: int, user: int, session: int) -> int:
    """The first state of a user's session in that (auth, level)."""
    u = four(rules.keys, SESSION, user, session, 0)
    last = len(rules.starts) - 1
    return rules.start_state[min(first_above(rules.starts, group + u[0], 0, last + 1), last)]


@compiled
def first_sessions(rules: Rules, users: Users, group: Any, started: Any, earliest: Any, begin: int) -> None:
    """Where users from number `begin` on stand at first; the other arrays begin with that user.

    Session times are a running process that is looked at late, so that starts don't bunch up.
    """
    for number in range(len(group)):
        who = begin + number
        user, beta = users.user_id[who], users.beta[who]
        t, session = int(started[number] - 2 * beta), 0
        while t < earliest[number]:
            t = session_start(rules, FIRST_GAP, user, session, t, beta)
            session += 1
        users.t[who] = t
        users.state[who] = first_state(rules, group[number], user, 0)


@inlined
def track(rules: Rules, music: Music, users: Users, who: int, u: float) -> int:
    """What the user plays; bots have a few tracks of their own."""
    count = music.shares.shape[1]
    if users.is_bot[who]:
        own = four(rules.keys, BOT, users.user_id[who], users.item[who] % BOT_TRACKS, 0)
        return int(own[0] * count)
    week = 0 if len(music.shares) == 1 else users.t[who] // WEEK_S - music.first_week
    part = int(u * (music.guide.shape[1] - 1))
    return min(first_above(music.shares[week], u, music.guide[week, part], music.guide[week, part + 1]), count - 1)


@inlined
def move(
    rules: Rules, alpha: float, t: int, state: int, song_end: int, u0: float, u1: float
) -> tuple[int, int, bool, bool]:
    """The next state and its time, whether the session ends instead, and whether it is a song right after a song."""
    begin, end = rules.edge_end[state], rules.edge_end[state + 1]
    at = first_above(rules.edges, state + u0, begin, end)
    if at >= end:
        return state, t, True, False
    following = rules.edge_dest[at]
    if rules.is_redirect[following]:
        return following, t + 1, False, False
    if rules.is_song[following] and song_end > t:
        return following, song_end, False, True
    return following, t + int(-math.log(u1) * alpha), False, False


@inlined
def not_heard_s(music: Music, track: int, is_bot: bool, u: float) -> int:
    """Seconds that are not heard of a track that the next one follows."""
    whole = music.whole_s[track]
    heard = whole
    if is_bot:
        heard = min(whole, BOT_PLAY_S)
    elif u < SKIP_SHARE:
        heard = int((u / SKIP_SHARE) ** 2 * whole)
    return whole - max(heard, min(whole, 1))


@inlined
def heard_ms(rules: Rules, music: Music, users: Users, who: int, track: int, state: int, t: int, ended: bool) -> int:
    """How much of the track is heard: all, unless the next song or leaving, now or after other pages, cuts it short.

    `state` and `t` are those of the event after it. What comes then is drawn in advance, as it will be when its time
    comes.
    """
    began, step = users.t[who], users.step[who]
    song_end = began + music.whole_s[track]
    while not ended and t < song_end:
        if rules.is_song[state] or rules.is_leaving[state]:
            return (t - began) * 1000
        step += 1
        u = four(rules.keys, STEP, users.user_id[who], step, 0)
        state, t, ended, _ = move(rules, users.alpha[who], t, state, song_end, u[0], u[1])
    return music.length_ms[track]


@inlined
def next_session(rules: Rules, users: Users, who: int) -> None:
    """Begin the next session of a user whose session ended, unless they have left for good."""
    state, t = users.state[who], users.t[who]
    if rules.is_churned[state] or t >= users.leaves_s[who]:
        users.t[who] = NEVER
        return
    users.session[who] += 1
    users.item[who] = 0
    users.song_end[who] = 0
    users.after_login[who] = 0
    session = users.session[who]
    users.t[who] = session_start(rules, GAP, users.user_id[who], session, t, users.beta[who])
    users.state[who] = first_state(rules, rules.group[state], users.user_id[who], session)
