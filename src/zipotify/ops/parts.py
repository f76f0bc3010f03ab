"""The parts of a running Zipotify, once, as data: what `up` supervises and any other scheduler would."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from zipotify.settings import Settings

PartName = Literal["broker", "simulator", "stream", "warehouse", "ledger", "jobs", "dashboard"]


@dataclass(frozen=True)
class Part:
    """One long-running verb."""

    name: PartName
    arguments: tuple[str, ...]
    """The verb and its flags; settings reach it through the environment and the home."""
    needs: tuple[PartName, ...]
    """Parts that must be ready before this one starts."""
    ready_when: str
    """What makes it ready, in words for people; `health.py` holds the test."""
    settle_s: int
    """Ending sooner than this after its start counts as a failed start; a few of those in a row end the attempts."""
    stop_limit_s: int
    """Time to end by itself when asked to; then it is killed, which every part survives."""
    memory_mb: int
    """What it takes in the demo, roughly, for planning."""


# Few users with a long past and many who begin now: the history loads in minutes while live tiles move at once. The
# many are enough for two live events a second at the quietest hour (03:00 UTC).
DEMO_TRAFFIC = ("--nusers", "1000", "--launch-users", "60000")

PARTS = (
    Part("broker", ("broker",), (), "Kafka answers and the topics exist", 30, 75, 600),
    Part("dashboard", ("dashboard",), (), "its page answers over HTTP", 30, 20, 400),
    Part("stream", ("stream",), ("broker",), "Spark has committed a batch to the lake", 30, 75, 2200),
    Part(
        "simulator",
        ("simulate", "--continuous", *DEMO_TRAFFIC),
        ("broker",),
        "live events reach the broker",
        30,
        60,
        300,
    ),
    Part("warehouse", ("build", "--watch"), ("stream",), "a build is published", 30, 75, 1400),
    Part("ledger", ("ledger", "--watch"), ("stream",), "it has checked the books", 30, 30, 300),
    Part("jobs", ("job", "watch"), ("stream",), "the scheduled jobs are planned", 30, 100, 300),
)
"""In the order of starting; stopping is the other way round."""


def parts_of(settings: Settings) -> tuple[Part, ...]:
    """The parts to run: no broker of ours when there is an external one; as much history as the settings say."""
    external = settings.bootstrap_servers is not None
    history = ("--from", str(settings.demo_history_days))
    return tuple(
        replace(part, arguments=(*part.arguments, *history)) if part.name == "simulator" else part
        for part in PARTS
        if not (external and part.name == "broker")
    )


def startable(parts: tuple[Part, ...], ready: set[str]) -> set[str]:
    """Parts whose needs are met; a need that is not ours to run counts as met."""
    ours = {part.name for part in parts}
    return {part.name for part in parts if ours.intersection(part.needs) <= ready}


def stoppable(parts: tuple[Part, ...], running: set[str]) -> set[str]:
    """Running parts that no other running part needs."""
    needed = {name for part in parts if part.name in running for name in part.needs}
    return running - needed
