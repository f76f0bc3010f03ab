"""Why an event is refused, where it goes and how it comes back."""

from __future__ import annotations

from docs_pages.markdown import code, generated, join, table
from zipotify.contracts import decode
from zipotify.contracts.reasons import MEANING, Reason
from zipotify.settings import Settings

_HOW_BACK = {
    Reason.NOT_JSON: "repair the bytes at the producer and send the record again",
    Reason.BAD_ENCODING: "write UTF-8 at the producer and send the record again",
    Reason.WRONG_TYPE: "correct the producer, or widen the contract by a new version; then send it again",
    Reason.MISSING_FIELD: "correct the producer and send it again",
    Reason.MISSING_USER: "send it with the user, or with the `auth` it really had",
    Reason.TIME_OUT_OF_RANGE: "correct the clock or the unit (ms since 1970, UTC) and send it again",
    Reason.TOO_LARGE: "raise `max_event_bytes` (or `max_produced_bytes`) if such records are right, then send it again",
    Reason.TOO_DEEP: "flatten it at the producer and send it again",
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

An event's identity does not depend on where it lay in Kafka, so a repaired record may simply be sent again, by
`zipotify replay` or `zipotify load` with the same `--source`: what is in bronze already is a repeat and changes
nothing, what was refused and now fits is taken. The refused row stays, as the record of what happened.
"""
    return join(
        "# Reasons for refusal",
        generated("`zipotify.contracts.reasons`"),
        "A closed list; codes keep their names. `zipotify.contracts.decode` is the reference that judges.",
        table(["reason", "it means", "how it comes back"], rows),
        limits,
        where.strip(),
    )
