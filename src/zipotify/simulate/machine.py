"""The state machine as arrays: who can follow whom, and where sessions start."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from zipotify.errors import ConfigError
from zipotify.simulate.config import EventsimConfig, State
from zipotify.simulate.draws import Bools, Floats, Ints, cumulative

NEXT_SONG = "NextSong"
LOGIN = "Login"
LEAVING = ("Logout", "Cancel")
LOGGED_IN = "Logged In"
STATUS_CHANGES = ("Submit Upgrade", "Submit Downgrade")
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Machine:
    """States by number, and who can follow whom."""

    states: tuple[State, ...]
    is_song: Bools
    is_redirect: Bools
    is_login: Bools
    is_leaving: Bools
    """Whether a song stops with it."""
    is_logged_in: Bools
    is_status_change: Bools
    is_shown: Bools
    """Whether events of the state carry the user."""
    is_churned: Bools
    group: Ints
    """Number of the state's (auth, level)."""
    edges: Floats
    """Per state its cumulative p, each row moved up by the state's number: one sorted array for all rows."""
    edge_dest: Ints
    edge_end: Ints
    """Where the edges of each state end; the first entry, 0, is where they begin."""
    starts: Floats
    """Per group the cumulative shares of its first states, moved up likewise."""
    start_state: Ints
    _groups: dict[tuple[str, str], int]

    def group_of(self, auth: str, level: str) -> int:
        """Number of an (auth, level); KeyError when nothing starts or happens there."""
        return self._groups[auth, level]


def compile_machine(config: EventsimConfig, name: str) -> Machine:
    """Check what types can't and build the arrays; raises ConfigError naming the place."""
    try:
        return _Compiler(config, name).machine()
    except ConfigError as error:
        raise ConfigError(config.as_written(error.what), error.to_do) from None


class _Compiler:
    def __init__(self, config: EventsimConfig, name: str) -> None:
        self._config = config
        self._name = name
        self._out: dict[State, list[int]] = defaultdict(list)
        for number, transition in enumerate(config.transitions):
            self._out[transition.source].append(number)
        firsts = [entry.state for entry in config.new_session]
        dests = [t.dest for t in config.transitions]
        self._states = list(dict.fromkeys([*firsts, *self._out, *dests]))
        pairs = [(s.auth, s.level) for s in self._states]
        self._groups = {pair: number for number, pair in enumerate(dict.fromkeys(pairs))}

    def machine(self) -> Machine:
        """The checked machine."""
        self._check_sums()
        self._check_defined()
        self._check_reachable()
        self._check_starts()
        states, config = self._states, self._config
        shown = {entry.auth: entry.show for entry in config.show_user_details}
        edges, dest, end = self._edges()
        starts, start_state = self._starts()
        return Machine(
            states=tuple(states),
            is_song=np.array([s.page == NEXT_SONG for s in states]),
            is_redirect=np.array([300 <= s.status <= 398 for s in states]),
            is_login=np.array([s.page == LOGIN for s in states]),
            is_leaving=np.array([s.page in LEAVING or s.auth != LOGGED_IN for s in states]),
            is_logged_in=np.array([s.auth == LOGGED_IN for s in states]),
            is_status_change=np.array([s.page in STATUS_CHANGES for s in states]),
            is_shown=np.array([shown.get(s.auth, True) for s in states]),
            is_churned=np.array([s.auth == config.churned_state for s in states]),
            group=np.array([self._groups[s.auth, s.level] for s in states]),
            edges=edges,
            edge_dest=dest,
            edge_end=end,
            starts=starts,
            start_state=start_state,
            _groups=self._groups,
        )

    def _edges(self) -> tuple[Floats, Ints, Ints]:
        number_of = {state: number for number, state in enumerate(self._states)}
        edges: list[float] = []
        dests: list[int] = []
        ends = [0]
        for number, state in enumerate(self._states):
            total = 0.0
            for at in self._out.get(state, []):
                total += self._config.transitions[at].p
                edges.append(number + (1.0 if total > 1 - _ROUNDING else total))
                dests.append(number_of[self._config.transitions[at].dest])
            ends.append(len(edges))
        return np.array(edges, np.float64), np.array(dests, np.int64), np.array(ends)

    def _starts(self) -> tuple[Floats, Ints]:
        number_of = {state: number for number, state in enumerate(self._states)}
        shares: list[float] = []
        firsts: list[int] = []
        for pair, group in self._groups.items():
            entries = [e for e in self._config.new_session if (e.auth, e.level) == pair and e.weight > 0]
            if entries:
                shares += [group + float(share) for share in cumulative([e.weight for e in entries])]
                firsts += [number_of[e.state] for e in entries]
        return np.array(shares, np.float64), np.array(firsts, np.int64)

    def _check_sums(self) -> None:
        for state, numbers in self._out.items():
            total = sum(self._config.transitions[at].p for at in numbers)
            if total > 1 + _ROUNDING:
                places = ", ".join(f"transitions[{at}]" for at in numbers)
                self._refuse(
                    f"p adds up to {total:.6g} for source {state}: {places}",
                    "make it at most 1; what is left over ends the session",
                )

    def _check_defined(self) -> None:
        for number, transition in enumerate(self._config.transitions):
            dest = transition.dest
            if dest not in self._out and dest.auth != self._config.churned_state:
                self._refuse(
                    f"transitions[{number}].dest: undefined state {dest}, which is the source of no transition",
                    "correct its spelling, or add transitions from it (one with p 0 makes it end the session)",
                )
        for number, entry in enumerate(self._config.new_session):
            if entry.state not in self._out:
                self._refuse(
                    f"new-session[{number}]: undefined state {entry.state}, which is the source of no transition",
                    "correct its spelling, or add transitions from it (one with p 0 makes it end the session)",
                )

    def _reachable(self) -> set[State]:
        todo = [entry.state for entry in self._config.new_session]
        found = set(todo)
        while todo:
            for at in self._out.get(todo.pop(), []):
                transition = self._config.transitions[at]
                if transition.p > 0 and transition.dest not in found:
                    found.add(transition.dest)
                    todo.append(transition.dest)
        return found

    def _check_reachable(self) -> None:
        found = self._reachable()
        for state, numbers in self._out.items():
            if state not in found:
                self._refuse(
                    f"transitions[{numbers[0]}].source: unreachable state {state}",
                    "add it to new-session or as the dest of a transition, or take it out",
                )

    def _check_starts(self) -> None:
        """Whatever auth and level users can have between sessions, a session must be able to start."""
        config = self._config
        needed = {
            (auth.auth, level.level): f"auths[{a}] with levels[{b}]"
            for a, auth in enumerate(config.auths)
            for b, level in enumerate(config.levels)
            if auth.weight > 0 and level.weight > 0
        }
        if not needed:
            self._refuse("auths and levels: all weights are 0", "give one of each a weight above 0")
        if config.growth_rate:
            needed[config.new_user_auth, config.new_user_level] = "new-user-auth with new-user-level"
        for state in self._reachable():
            total = sum(config.transitions[at].p for at in self._out.get(state, []))
            if total < 1 - _ROUNDING and state.auth != config.churned_state:
                needed.setdefault((state.auth, state.level), f"a session that ends at {state}")
        able = {(entry.auth, entry.level) for entry in config.new_session if entry.weight > 0}
        for (auth, level), why in needed.items():
            if (auth, level) not in able:
                self._refuse(
                    f"new-session: nothing starts a session for auth '{auth}' and level '{level}' ({why})",
                    "add an entry of that auth and level with a weight above 0",
                )

    def _refuse(self, what: str, to_do: str) -> NoReturn:
        raise ConfigError(f"{self._name}: {what}", to_do)
