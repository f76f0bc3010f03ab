"""The four Eventsim events, each field once: name on the wire, column in the lake, type, and whose secret it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

CONTRACT_VERSION = "1.0"
FIRST_VERSION = "1.0"
MS_UTC = "ms since 1970, UTC"

Kind = Literal["long", "int", "double", "string", "bool", "id", "number"]
"""Types on the wire. `id` is a string or an integer, kept as a string; `number` is any number, kept as a long."""

LISTEN_EVENTS = "listen_events"
PAGE_VIEW_EVENTS = "page_view_events"
AUTH_EVENTS = "auth_events"
STATUS_CHANGE_EVENTS = "status_change_events"
DEAD_LETTERS = "dead_letters"

EXTRA = "_extra"
"""Where a typed event keeps the fields that its contract does not know; bronze has them in column `extra`."""


@dataclass(frozen=True)
class EventField:
    """One field of an event, in the vendor's spelling, and what becomes of it.

    `column` is its name in bronze; None for personal fields, which only `users_private` keeps.
    """

    name: str
    kind: Kind
    column: str | None
    doc: str
    required: bool = False
    unit: str = ""
    example: str = ""
    since: str = FIRST_VERSION
    """Contract version that brought the field."""

    @property
    def is_personal(self) -> bool:
        """Whether the value may not leave `users_private`."""
        return self.column is None


@dataclass(frozen=True)
class EventContract:
    """One topic: its fields in wire order and when such an event is made."""

    topic: str
    doc: str
    fields: tuple[EventField, ...]

    @property
    def bronze_fields(self) -> tuple[EventField, ...]:
        """Fields that bronze keeps under their own column."""
        return tuple(field for field in self.fields if field.column is not None)

    @property
    def hashed_fields(self) -> tuple[EventField, ...]:
        """Bronze fields that tell a repeat from a conflict.

        Later fields take no part: a record that is sent again after an upgrade is still a repeat.
        """
        return tuple(field for field in self.bronze_fields if field.since == FIRST_VERSION)

    @property
    def names(self) -> frozenset[str]:
        """Names of all fields on the wire."""
        return frozenset(field.name for field in self.fields)

    def field(self, name: str) -> EventField:
        """The field of that wire name; KeyError when there is none."""
        return {field.name: field for field in self.fields}[name]


TS = EventField("ts", "long", "ts_ms", "When the event happened", True, MS_UTC, "1704067238000")
SESSION = EventField("sessionId", "long", "session_id", "Session, unique within its source", True, "", "1591")
ITEM = EventField("itemInSession", "int", "item_in_session", "Place in the session, from 0", True, "", "0")
AUTH = EventField("auth", "string", "auth", "Login state at that moment", True, "", "Logged In")
LEVEL = EventField("level", "string", "level", "Subscription level at that moment", True, "", "paid")
PAGE = EventField("page", "string", "page", "Page asked for", True, "", "NextSong")
METHOD = EventField("method", "string", "method", "HTTP method", True, "", "PUT")
STATUS = EventField("status", "int", "status", "HTTP status", True, "", "200")
SUCCESS = EventField("success", "bool", "success", "Whether the login succeeded", True, "", "true")
ARTIST = EventField("artist", "string", "artist", "Artist as credited", True, "", "Erick Sermon")
SONG = EventField("song", "string", "song", "Track title", True, "", "Saved (LP Version)")
DURATION = EventField("duration", "double", "duration_s", "Length of the track", False, "s", "198.63464")
TRACK_ID = EventField("track_id", "string", "track_id", "Catalogue id of the track, when known", False, "", "ZT0000042")
PLAYED = EventField("played_ms", "long", "played_ms", "How long it was heard, when measured", False, "ms", "31250")

DEVICE_FIELDS = (
    EventField("city", "string", "city", "City of the user", False, "", "Wichita"),
    EventField("zip", "string", None, "Postal code of the user", False, "", "67207"),
    EventField("state", "string", "state", "State or states of the city", False, "", "KS"),
    EventField(
        "userAgent",
        "string",
        None,
        "Browser's user agent; bronze keeps the device class only",
        False,
        "",
        "Mozilla/5.0",
    ),
    EventField("lon", "double", None, "Longitude of the user", False, "degrees", "-97.227205"),
    EventField("lat", "double", None, "Latitude of the user", False, "degrees", "37.665576"),
)
USER_FIELDS = (
    EventField("userId", "id", None, "User within the source; absent while not shown", False, "", "46"),
    EventField("lastName", "string", None, "Family name", False, "", "Snow"),
    EventField("firstName", "string", None, "First name", False, "", "Adrian"),
    EventField("gender", "string", "gender", "Gender as registered", False, "", "M"),
    EventField("registration", "number", None, "When the user registered", False, MS_UTC, "1682555433000"),
    EventField("tag", "string", "tag", "Experiment tag of the run", False, "", "control"),
)


def _optional(*fields: EventField) -> tuple[EventField, ...]:
    return tuple(replace(field, required=False) for field in fields)


EVENTS: dict[str, EventContract] = {
    contract.topic: contract
    for contract in (
        EventContract(
            LISTEN_EVENTS,
            "One play: a track was started (page NextSong).",
            (ARTIST, SONG, DURATION, TS, SESSION, AUTH, LEVEL, ITEM, *DEVICE_FIELDS, *USER_FIELDS, TRACK_ID, PLAYED),
        ),
        EventContract(
            PAGE_VIEW_EVENTS,
            "Every page asked for, NextSong included.",
            (
                *(TS, SESSION, PAGE, AUTH, METHOD, STATUS, LEVEL, ITEM),
                *DEVICE_FIELDS,
                *USER_FIELDS,
                *_optional(ARTIST, SONG),
                DURATION,
                TRACK_ID,
            ),
        ),
        EventContract(
            AUTH_EVENTS,
            "The event after a Login: did it succeed?",
            (TS, SESSION, LEVEL, ITEM, *DEVICE_FIELDS, *USER_FIELDS, SUCCESS),
        ),
        EventContract(
            STATUS_CHANGE_EVENTS,
            "Submit Upgrade or Submit Downgrade; the level is still the old one.",
            (TS, SESSION, AUTH, LEVEL, ITEM, *DEVICE_FIELDS, *USER_FIELDS),
        ),
    )
}
TOPICS: tuple[str, ...] = tuple(EVENTS)
