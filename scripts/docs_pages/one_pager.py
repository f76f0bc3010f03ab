"""The page that a product manager forwards: words from here, figures from recorded runs and benchmarks."""

from __future__ import annotations

from docs_pages.markdown import generated, join, table
from docs_pages.recorded import benchmarks, recorded

_PROBLEM = """\
**The problem.** A music service knows what was played, and still argues about how much: the stream counts one number,
the warehouse another, and nobody can say which events are missing. The usual pipelines drop what they cannot read,
count events twice when a job is rerun, and need a cloud account before the first picture.

**Who has it.** The engineer on call (is it healthy?), the analyst (why did this change?), the product manager (how are
we doing, on one screen?), and whoever answers for people's data."""
_GIVES = """\
**What Zipotify gives them.** One open system from event to dashboard, whose numbers add up: a ledger accounts for every
event. Unreadable events wait in quarantine with a reason and come back. Live tiles move with the events, history
follows with each build, and both say how old they are. Names and addresses are kept apart from the start. It runs on a
laptop with one command; each part can be exchanged for a cluster's by one setting."""
_WHO = (
    ("engineer on call", "Is it healthy, and what is late?", "Now and Health, `zipotify status`, runbooks"),
    ("analyst", "Why did this change? Show me the rows.", "Explore and SQL, one definition per metric"),
    ("product manager", "How are we doing?", "Overview with the period before, one link to share"),
    ("privacy officer", "Who can see whom?", "personal fields in one table; small groups hidden"),
)
_NOT = """\
**Out of scope.** Audio, licences, payment, advertising; a hosted service; measuring what no client reports.

**Next.** [The plan](plan/index.md): a team's own data in service by 2027-01-15.

**Try it.** `make demo`, on Debian or Ubuntu with Python 3.11 to 3.13; then the [tutorial](tutorial.md)."""


def page() -> str:
    """The page; `scripts/one_pager_pdf.py` prints it on one side of A4."""
    return join(
        "# Zipotify in one page",
        generated("recorded runs and benchmarks"),
        _PROBLEM,
        _GIVES,
        table(("who", "asks", "finds it in"), _WHO),
        "![From events through Kafka, Spark, lake and dbt to the dashboard](diagrams/flow.svg)",
        f"**What was measured**\n\n{table(('what', 'figure on two cores', 'when'), _figures())}",
        "**What it costs.** The software is free (Apache-2.0). A machine with 2 cores and 8 GB runs the demo. In a "
        "cloud, hours of the machine that streams, GB stored and GB read drive the cost "
        "(list prices and an example: `docs/how-to/cloud.md`). "
        f"Storage: {_storage()}.",
        _NOT,
    )


def _figures() -> list[tuple[str, str, str]]:
    sizes, journey = recorded("sizes"), recorded("journey")
    when = sizes["about"]["date"]
    total = sum(sizes["events"].values())
    verdict = "balanced" if journey["balanced"] else "did not balance"
    return [
        ("events taken through Kafka, Spark and dbt", f"{total:,}; the ledger {verdict}", when),
        ("one event in Kafka, in the lake", _bytes_each("Kafka (lz4)") + ", " + _bytes_each("bronze (Delta)"), when),
        *benchmarks(),
    ]


def _bytes_each(stage: str) -> str:
    sizes = recorded("sizes")
    return f"{sum(sizes['bytes'][stage].values()) / sum(sizes['events'].values()):.0f} bytes"


def _storage() -> str:
    sizes = recorded("sizes")
    million = sum(sizes["bytes"]["bronze (Delta)"].values()) / sum(sizes["events"].values())
    return f"{million:.0f} MB in the lake for a million events, measured"
