"""Why an event is refused, where it goes and how it comes back."""

from __future__ import annotations

from docs_pages.markdown import code, generated, join, table
from zipotify.contracts import decode
from zipotify.contracts.reasons import MEANING, Reason
from zipotify.settings import Settings

_HOW_BACK = {
    Reason.NOT_JSON: "repair the bytes: `quarantine replay ID --with FILE`",
    Reason.BAD_ENCODING: "write UTF-8: `quarantine replay ID --with FILE`",
    Reason.WRONG_TYPE: "repair it (`--with FILE`), or widen the contract by a new version and replay as it is",
    Reason.MISSING_FIELD: "repair it: `quarantine replay ID --with FILE`; correct the producer",
    Reason.MISSING_USER: "send it with the user, or with the `auth` it really had",
    Reason.TIME_OUT_OF_RANGE: "correct the clock or the unit (ms since 1970, UTC), and repair what came",
    Reason.TOO_LARGE: "raise `max_event_bytes` (or `max_produced_bytes`) if such records are right, and replay",
    Reason.TOO_DEEP: "flatten it: `quarantine replay ID --with FILE`",
    Reason.CONFLICT: "it stays refused: the event that came first counts; find out which of the two is right",
    Reason.UNKNOWN_TOPIC: "add a contract for the topic, or send it to a known one",
}


def page() -> str:
    """The page."""
    default = Settings.model_fields
    limits = (
        f"Limits: a record at most `max_event_bytes` ({default['max_event_bytes'].default:,}) bytes, JSON at most "
        f"{decode.MAX_DEPTH} levels deep, user ids at most {decode.MAX_USER_ID_CHARS} characters, event times "
        f"from 2000-01-01 to `future_tolerance_hours` ({default['future_tolerance_hours'].default}) after sending."
    )
    rows = [(code(reason), MEANING[reason], _HOW_BACK[reason]) for reason in Reason]
    where = """\
## Where a malformed event goes

Nothing is dropped and nothing is patched. A record that cannot be read, or breaks the contract, becomes a row of the
lake's `quarantine` table (its original bytes, reason, message, topic, partition and offset) and, when it came through
Kafka, a record of the topic `dead_letters`. The rest of its batch goes on. The ledger counts it as *refused*. A record
too large to send never reaches Kafka: the producer keeps it in the home's `outbox`, and whoever holds the lake next
moves it into quarantine.

## How it comes back

`zipotify quarantine list` shows what was refused and exactly why, `zipotify quarantine show ID` its original bytes.
After a fix (a new version of the contract, or a repaired record) `zipotify quarantine replay` sends it through again,
exactly once: it takes its old place, and the ledger moves it from refused to bronze. What is given up,
`zipotify quarantine discard` removes; the ledger goes on counting it as refused. The steps are on
[the runbook](runbooks/quarantine.md).

A producer may as well send repaired records itself, under the same source: what is in bronze already is a repeat and
changes nothing, what was refused and now fits is taken.
"""
    return join(
        "# Reasons for refusal",
        generated("`zipotify.contracts.reasons`"),
        "A closed list; codes keep their names. `zipotify.contracts.decode` is the reference that judges.",
        table(["reason", "it means", "how it comes back"], rows),
        limits,
        where.strip(),
    )
