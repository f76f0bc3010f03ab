"""All users up to a moment: the loop around their steps, which notes the events."""

from __future__ import annotations

from typing import Any

from zipotify.simulate.native.compiled import compiled, inlined
from zipotify.simulate.native.philox import four
from zipotify.simulate.native.steps import (
    BOT_SESSION_END,
    STEP,
    Music,
    Rows,
    Rules,
    Users,
    heard_ms,
    move,
    next_session,
    not_heard_s,
    track,
)


@compiled
def walk(rules: Rules, music: Music, users: Users, rows: Rows, reached: Any, after_s: int, until_s: int) -> int:
    """Let users from number `reached[0]` on step until their next event lies after `until_s`.

    Notes events after `after_s`; returns how many, and in `reached` the user that the room has lasted for.
    """
    who, filled, room = reached[0], 0, len(rows.ts_s)
    while who < len(users.t):
        while users.t[who] <= until_s:
            if filled == room:
                reached[0] = who
                return filled
            filled = _step(rules, music, users, rows, who, filled, after_s)
        who += 1
    reached[0] = who
    return filled


@inlined
def _step(rules: Rules, music: Music, users: Users, rows: Rows, who: int, at: int, after_s: int) -> int:
    """Note the event that the user stands at, and move the user on; returns the number of rows."""
    t, state, is_bot = users.t[who], users.state[who], users.is_bot[who]
    u0, u1, u2, u3 = four(rules.keys, STEP, users.user_id[who], users.step[who], 0)
    playing, song_end = -1, users.song_end[who]
    if rules.is_song[state]:
        playing = track(rules, music, users, who, u2)
        song_end = t + music.whole_s[playing]
    following, after, ended, is_next_song = move(rules, users.alpha[who], t, state, song_end, u0, u1)
    if is_bot and playing >= 0:  # bots that play go on playing
        following, after, ended, is_next_song = state, max(song_end, t + 1), u0 > 1 - BOT_SESSION_END, True
    heard = -1
    if rules.played and playing >= 0:
        if is_next_song:
            after -= not_heard_s(music, playing, is_bot, u3)
        if t > after_s:
            heard = heard_ms(rules, music, users, who, playing, following, after, ended)
    if t > after_s:
        rows.user_id[at], rows.ts_s[at], rows.state[at] = users.user_id[who], t, state
        rows.session[at], rows.item[at], rows.track[at] = users.session[who], users.item[who], playing
        rows.after_login[at], rows.played_ms[at] = users.after_login[who] > 0, heard
        at += 1
    users.step[who] += 1
    if ended:
        next_session(rules, users, who)
        return at
    users.t[who], users.state[who] = after, following
    users.item[who] += 1
    users.song_end[who] = min(song_end, after) if is_next_song else song_end
    users.after_login[who] = rules.is_login[state]
    return at
