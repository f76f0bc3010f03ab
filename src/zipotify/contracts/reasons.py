"""Why an event is refused: a closed list, stable in name, each with what it means and how it comes back."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Refusal reasons; the value is what quarantine, dead letters and the dashboard show."""

    NOT_JSON = "NOT_JSON"
    BAD_ENCODING = "BAD_ENCODING"
    WRONG_TYPE = "WRONG_TYPE"
    MISSING_FIELD = "MISSING_FIELD"
    MISSING_USER = "MISSING_USER"
    TIME_OUT_OF_RANGE = "TIME_OUT_OF_RANGE"
    TOO_LARGE = "TOO_LARGE"
    TOO_DEEP = "TOO_DEEP"
    CONFLICT = "CONFLICT"
    UNKNOWN_TOPIC = "UNKNOWN_TOPIC"


MEANING: dict[Reason, str] = {
    Reason.NOT_JSON: "The bytes are not one JSON value.",
    Reason.BAD_ENCODING: "The bytes are not valid UTF-8.",
    Reason.WRONG_TYPE: "The value is no object, or a field has another type or range than the contract says.",
    Reason.MISSING_FIELD: "A field that the contract requires is absent, null or empty.",
    Reason.MISSING_USER: "The event says `Logged In` and names no user.",
    Reason.TIME_OUT_OF_RANGE: "The event time is before 2000-01-01 or too far after it was produced.",
    Reason.TOO_LARGE: "The record is larger than `max_event_bytes` (or, at the producer, than the topic takes).",
    Reason.TOO_DEEP: "The JSON is nested more than 100 levels deep.",
    Reason.CONFLICT: "An event with the same identity and other content is there already.",
    Reason.UNKNOWN_TOPIC: "No contract has this topic.",
}
