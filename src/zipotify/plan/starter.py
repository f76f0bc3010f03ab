"""A small plan to begin with, for a team's own fortnight."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from zipotify.errors import UsageError

_FORTNIGHT_DAYS = 13
_TEMPLATE = """\
# A plan: `zipotify plan check` says what is wrong with it, by line.
title: Our fortnight
starts_on: {first}
ends_on: {last}
deliver_by: {last}
standup: {{at: "09:30", minutes: 15}}   # UTC, every day but those below that have none

roles:
  - {{id: engineering, name: Engineering, does: builds it, weekday_hours: 6}}

milestones:
  - {{id: delivered, name: Delivered, due_on: {last}}}

# Stand-up on a day off: held, none, or ballot (and then a ballot of that date):
# - {{date: {last}, name: A holiday, standup: none}}
days_off: []

tasks:
  - id: first-task
    title: What is to be done
    role: engineering
    milestone: delivered
    starts_on: {monday}
    due_on: {monday}
    estimate_hours: 3
    needs: []
    done_when: what shows that it is done
"""


def write_starter(path: Path, first: date) -> None:
    """Write a fortnight from `first`; raises UsageError rather than overwrite a file."""
    monday = first + timedelta(days=-first.weekday() % 7)
    text = _TEMPLATE.format(first=first, last=first + timedelta(days=_FORTNIGHT_DAYS), monday=monday)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already", "name another file with --plan") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "name another file with --plan") from None
