"""Tables of Health: what waits, what is kept for how long, what checks said; and what every tile there means."""

from __future__ import annotations

from dash import html

from zipotify.dashboard import wording
from zipotify.dashboard.components import messages
from zipotify.dashboard.components.clock import moment
from zipotify.dashboard.components.plain_table import plain_table
from zipotify.dashboard.health import HealthView
from zipotify.dashboard.tile import Component

DEFINITIONS = {
    "health-parts": "What each process last wrote about itself into the serving database; one that is silent hangs.",
    "health-machine": "Free disk where the home lies, free memory of the machine, and what the dashboard itself takes.",
    "health-ledger": "Records are counted in Kafka by topic, partition and hour, and searched for in every place where"
    " they may have ended. A difference of zero means that none is lost and none is counted twice.",
    "health-freshness": "Time from a record's being produced to its being visible in a stage: of 100 events, 99 were"
    " faster than the line.",
    "health-batches": "How long each micro-batch of the stream took, the newest last.",
    "health-quarantine": "Records that broke the contract are kept with the reason; a reason leads to its records."
    " What a record held is shown by `zipotify quarantine show` only, at the machine.",
    "health-lag": "Written up to is the offset that Kafka will give next, taken up to where the stream's last finished"
    " batch into the lake ended. What lies between waits. Records that Kafka removed do not.",
    "health-checks": "A check that fails stops a build, and what was published stays. One that warns lets it pass and"
    " is listed here; below it the newest run of each step of the scheduled jobs.",
    "health-kept": "What the settings say, and what the tables hold. `zipotify privacy retain` removes rows older than"
    " their table keeps. Attributes of users stay as long as their user has events.",
    "health-compared": "Plays per hour as the live rollups count them, and as the newest snapshot does. The running"
    " hour differs until the next build.",
    "health-builds": "Builds of the warehouse, the newest first, with what they published or why they did not.",
}
"""tile -> what exactly it shows."""


def lags(view: HealthView) -> Component:
    """What waits in Kafka, partition by partition."""
    if view.lag_problem:
        return messages.empty(view.lag_problem, "Lag is known again when Kafka answers.")
    total = sum(row["lag"] for row in view.lags)
    rows = [
        (
            row["topic"],
            row["partition"],
            wording.NOTHING if row["taken"] is None else wording.exact(row["taken"]),
            wording.exact(row["next"]),
            wording.exact(row["lag"]),
        )
        for row in sorted(view.lags, key=lambda row: -row["lag"])
    ]
    told = html.P(f"{wording.exact(total)} records wait in Kafka for the lake.", className="zip-definition")
    table = plain_table(
        ("Topic", "Partition", "Taken up to", "Written up to", "Waiting"), rows, "No event topic exists yet."
    )
    return html.Div([told, table]) if rows else table


def kept(view: HealthView) -> Component:
    """For how long what is kept."""
    rows = [
        (
            row["name"],
            html.Span("▲ older than it should be", className="zip-stale") if row["is_overdue"] else row["keeps"],
            row["oldest"] or "",
            "" if row["row_count"] is None else wording.count(row["row_count"]),
            "" if row["size_bytes"] is None else wording.size(row["size_bytes"]),
        )
        for row in view.kept
    ]
    return plain_table(("What", "Is kept for", "Oldest day", "Rows", "Size"), rows, "Nothing is kept yet.")


def checks(view: HealthView) -> Component:
    """What checks and jobs said."""
    rows = [
        (row["check"], row["said"], "" if row["at_ms"] is None else moment(row["at_ms"] / 1000), row["detail"])
        for row in view.checks
    ]
    if any(row["said"] in ("warns", "stopped", "failed") for row in view.checks):
        told = html.P("▲ Some checks found something; see below.", className="zip-stale zip-definition")
    else:
        told = html.P("✓ No check of what is published found anything.", className="zip-good zip-definition")
    return html.Div(
        [told, plain_table(("Check", "Said", "At", "What"), rows, "No job has run yet, and no check warns.")]
    )
