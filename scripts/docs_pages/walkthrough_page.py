"""What fifteen tasks take in the real dashboard, as the script counted them, and what was changed because of it."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from docs_pages.markdown import generated, join, table
from docs_pages.recorded import recorded

_INTRO = """\
Three audiences, five tasks each, done by a script in the real dashboard. It is **the authors' own walkthrough**: they
know the way, so these are the fewest clicks that a task takes, not what a newcomer needs. Sessions with people who have
not seen it are tasks of [the plan](plan/index.md) (`user-sessions-1`, `user-sessions-2`).

A task begins at the address that `zipotify dashboard` prints, which is page one. *Clicks* counts each press on a link,
a button or an entry of a list, *typed* each text that is entered, *pages* each page seen, the first included."""
_BLOCKS = (
    (
        "*Open in Explore* of the tile Plays answered “the address is too long”: its SQL has over 2,000 characters, "
        "and the limit counted them",
        "the limit counts filters only; the analyst's fourth task goes this way",
    ),
    (
        "after Explore, every entry of the bar kept the query in its address, so the next page refused it",
        "links of the bar leave out what is about one page; the test goes on from each task to Overview",
    ),
    (
        "a state with fewer than ten people is a link all the same, and leads to a page of hidden figures",
        "not changed: the tile says “hidden or nobody” before one clicks",
    ),
    (
        "a level, a state or a device takes two clicks: one opens the list, one chooses",
        "not changed: five lists laid open would not fit on a phone; the address takes `level=paid` without a click",
    ),
)


def page() -> str:
    """The page."""
    run = recorded("walkthrough")
    about, tasks = run["about"], run["tasks"]
    by_audience = [(name, list(group)) for name, group in groupby(tasks, key=lambda task: task["audience"])]
    return join(
        "# A walk through the dashboard, counted",
        generated("a recorded walk, `scripts/walkthrough`"),
        _INTRO,
        f"Counted on {about['date']} ({about['machine']}, Chromium, a window of 1440 by 900). "
        "`tests/e2e/test_walkthrough.py` does the tasks again and holds the counts.",
        table(
            ("audience", "tasks", "clicks in all", "most clicks", "most pages"), [_sum(*each) for each in by_audience]
        ),
        *(f"## {name.capitalize()}\n\n{_tasks(group)}" for name, group in by_audience),
        "## What stood in the way\n\n" + table(("stumbling block", "what was changed"), _BLOCKS),
    )


def _sum(audience: str, tasks: list[dict[str, Any]]) -> tuple[object, ...]:
    clicks, pages = [task["clicks"] for task in tasks], [task["pages"] for task in tasks]
    return audience, len(tasks), sum(clicks), max(clicks), max(pages)


def _tasks(tasks: list[dict[str, Any]]) -> str:
    rows = [(task["question"], task["way"], task["clicks"], task["entries"], task["pages"]) for task in tasks]
    return table(("task", "way", "clicks", "typed", "pages"), rows)
