"""The tasks. Each is done when its answer says what was asked for; the answer is kept as it was read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from browsing import settle, wait_for

from walkthrough.reader import Reader

_ENGINEER, _ANALYST, _MANAGER = "on-call engineer", "analyst", "product manager"


@dataclass(frozen=True)
class Task:
    """A question of one audience, how it is answered, and a pattern that the answer must have."""

    audience: str
    question: str
    way: str
    do: Callable[[Reader], str]
    answered: str


@dataclass(frozen=True)
class Done:
    """A task that was done, and what it took."""

    audience: str
    question: str
    way: str
    clicks: int
    entries: int
    pages: int
    answer: str


def perform(task: Task, reader: Reader) -> Done:
    """Do one task from the first page; raises AssertionError when the answer is not one."""
    reader.start()
    answer = task.do(reader)
    if not re.search(task.answered, answer):
        raise AssertionError(f"{task.question} was answered by: {answer[:500]}")
    return Done(task.audience, task.question, task.way, reader.clicks, reader.entries, reader.pages, answer)


def as_json(done: list[Done]) -> list[dict[str, Any]]:
    """For docs/recorded."""
    return [asdict(each) for each in done]


def _strip(reader: Reader) -> str:
    return " ".join(reader.page.get_by_role("region", name="Pipeline").inner_text().split())


def _health(title: str) -> Callable[[Reader], str]:
    def read(reader: Reader) -> str:
        reader.go("Health")
        return reader.read(title)

    return read


def _page(name: str, title: str) -> Callable[[Reader], str]:
    def read(reader: Reader) -> str:
        reader.go(name)
        return reader.read(title)

    return read


_funnel = _page("Engagement", "From free to paid")


def _newest_rows(reader: Reader) -> str:
    reader.go("Explore")
    reader.click(reader.page.get_by_text("listen_events", exact=True).first)
    reader.page.locator(".ag-row").first.wait_for()
    return " ".join(reader.page.locator("#explore-main").inner_text().split())


def _paid_week(reader: Reader) -> str:
    reader.go("Overview")
    reader.period("7 days", "7d")
    reader.choose("Level", "paid")
    return reader.read("Key figures")


def _definition(reader: Reader) -> str:
    reader.go("Overview")
    return reader.open("What is Key figures?").inner_text()


def _csv(reader: Reader) -> str:
    reader.go("Music")
    box = reader.open("Data and SQL of Top tracks")
    with reader.page.expect_download() as coming:
        reader.click(box.get_by_role("link", name="CSV"))
    return coming.value.path().read_text(encoding="utf-8")


def _own_sql(reader: Reader) -> str:
    reader.go("Overview")
    box = reader.open("Data and SQL of Plays")
    reader.click(box.get_by_role("link", name="Open in Explore"))
    reader.page.locator("#explore-sql").fill("select level, count(*) as play_count from fct_plays group by level")
    reader.entries += 1
    reader.click(reader.page.get_by_role("button", name="Run"))
    wait_for(reader.page, lambda: "play_count" in reader.page.locator("#explore-main").inner_text(), "the answer")
    return " ".join(reader.page.locator("#explore-main").inner_text().split())


def _state(reader: Reader) -> str:
    reader.go("Audience")
    shown = reader.tile("Active users by state").get_by_role("link").filter(has_not_text="hidden")
    before = shown.first.get_attribute("href") or ""
    reader.click(shown.first)
    wait_for(reader.page, lambda: reader.page.url.endswith(before), "the overview of that state")
    settle(reader.page)
    return f"{reader.page.url} {reader.read('Key figures')}"


def _link(reader: Reader) -> str:
    reader.go("Overview")
    reader.period("90 days", "90d")
    colleague = reader.page.context.new_page()
    colleague.goto(reader.page.url)
    settle(colleague)
    shown = " ".join(colleague.get_by_role("region", name="Key figures").inner_text().split())
    same = shown == reader.read("Key figures")
    colleague.close()
    return f"{'the same' if same else 'another'} view: {shown}"


def _year(reader: Reader) -> str:
    reader.go("Year")
    return " ".join(reader.page.locator("#page").inner_text().split())


_PLAYS = r"Plays [\d.,]+"
_ROWS: tuple[tuple[str, str, str, Callable[[Reader], str], str], ...] = (
    (_ENGINEER, "Is it healthy right now?", "Now, the strip at the top", _strip, r"Ledger \S+"),
    (
        _ENGINEER,
        "Does each part run, and what did it say?",
        "Health, Parts",
        _health("Parts"),
        "dashboard running",
    ),
    (_ENGINEER, "Is any event missing?", "Health, Ledger", _health("Ledger"), "accounted|not balance|not been checked"),
    (_ENGINEER, "What was refused, and why?", "Health, Quarantine", _health("Quarantine"), "[A-Z]+_[A-Z]+|Nothing"),
    (_ENGINEER, "Show me rows of the lake.", "Explore, listen_events", _newest_rows, "event_id"),
    (_ANALYST, "How did paid users' plays change in a week?", "Overview, 7 days, Level: paid", _paid_week, _PLAYS),
    (_ANALYST, "What exactly is counted?", "Overview, i of Key figures", _definition, "(?i)play"),
    (_ANALYST, "The top tracks as a file, please.", "Music, ⋯ of Top tracks, CSV", _csv, "play_count"),
    (_ANALYST, "My own question, from a tile's SQL.", "Overview, ⋯ of Plays, Open in Explore, Run", _own_sql, "paid"),
    (_ANALYST, "How is one state doing?", "Audience, its tile on the map", _state, f"state=[A-Z]{{2}} .*{_PLAYS}"),
    (_MANAGER, "How are we doing?", "Overview, Key figures", _page("Overview", "Key figures"), _PLAYS),
    (_MANAGER, "Do people come back?", "Engagement, Retention", _page("Engagement", "Retention"), r"\d %"),
    (
        _MANAGER,
        "Where do we lose people before they pay?",
        "Engagement, From free to paid",
        _funnel,
        "Saw the offer",
    ),
    (_MANAGER, "Send this quarter's view to a colleague.", "Overview, 90 days, copy the address", _link, "^the same"),
    (_MANAGER, "A poster of the year.", "Year", _year, r"20\d\d"),
)
TASKS = tuple(Task(*row) for row in _ROWS)
