"""`simulate --check`: a configuration for people."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table

from zipotify.simulate.explain import Explanation


def print_explanation(found: Explanation) -> None:
    """Habits, where sessions start, every state with what follows it, and what comes of it all."""
    console = Console(width=None if Console().is_terminal else 160)
    console.print(f"[bold]{found.name}[/bold] is valid: {len(found.states)} states, "
                  f"{len(found.config.transitions)} transitions", highlight=False)  # fmt: skip
    _print_habits(console, found)
    _print_starts(console, found)
    _print_states(console, found)
    _print_outcome(console, found)


def _print_habits(console: Console, found: Explanation) -> None:
    config = found.config
    console.print(
        f"seed {config.seed}; {config.alpha:g} s between clicks, {_days(config.beta)} between sessions (means over "
        f"users), at least {config.session_gap:g} s; daily rhythm {config.damping:g}, "
        f"weekends and holidays -{config.weekend_damping:.0%}",
        highlight=False,
    )


def _print_starts(console: Console, found: Explanation) -> None:
    table = Table("sessions of", "share of sessions", "mean items", "start at", box=None, header_style="bold")
    for group in found.groups:
        first = ", ".join(f"{s.page} {p:.3g}" for s, p in sorted(group.starts.items(), key=lambda item: -item[1]))
        table.add_row(f"{group.auth}, {group.level}", f"{group.share:.4f}", _number(group.mean_items), first)
    console.print("\n[bold]Where sessions start[/bold]")
    console.print(table)


def _print_states(console: Console, found: Explanation) -> None:
    table = Table("state", "share of events", "then", "ends", box=None, header_style="bold")
    for number, state in enumerate(found.states):
        row = found.transitions[number]
        following = ", ".join(
            f"{_relative(found.states[at].page, found, number, at)} {row[at]:.4g}"
            for at in (-row).argsort()
            if row[at] > 0
        )
        share = found.state_shares[number]
        table.add_row(str(state), f"{share:.5f}", following or "-", f"{found.ends[number]:.4g}")
    console.print("\n[bold]States and transition matrix[/bold] (page, or page @ auth/level where those change)")
    console.print(table)


def _relative(page: str, found: Explanation, source: int, dest: int) -> str:
    a, b = found.states[source], found.states[dest]
    return page if (a.auth, a.level) == (b.auth, b.level) else f"{page} @ {b.auth}/{b.level}"


def _print_outcome(console: Console, found: Explanation) -> None:
    console.print(
        f"\n[bold]Expected session length[/bold] {_number(found.mean_items)} items in the long run, "
        f"{_number(found.first_items)} in first sessions",
        highlight=False,
    )
    console.print(f"[bold]Stationary page shares[/bold] {_shares(found.page_shares)}", highlight=False)
    console.print(f"[bold]Page shares in first sessions[/bold] {_shares(found.first_page_shares)}", highlight=False)
    if math.isinf(found.sessions_to_churn):
        console.print("[bold]Time to churn[/bold] nobody ever leaves", highlight=False)
    else:
        console.print(
            f"[bold]Time to churn[/bold] {found.sessions_to_churn:,.0f} sessions, about {found.days_to_churn:,.0f} "
            "days for a user with the mean gap",
            highlight=False,
        )


def _shares(pages: dict[str, float]) -> str:
    return ", ".join(f"{page} {share:.4f}" for page, share in pages.items())


def _number(value: float) -> str:
    return "never-ending" if math.isinf(value) else f"{value:.2f}"


def _days(seconds: float) -> str:
    return f"{seconds / 86_400:g} days"
