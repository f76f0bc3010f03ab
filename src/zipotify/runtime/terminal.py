"""Text of others on a terminal: it may not move the cursor, change colours, turn the line around or fake a new one."""

from __future__ import annotations

import re

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_REPLACEMENT = "\ufffd"


def harmless(text: object, keep: str = "") -> str:
    """The text with control and direction characters replaced, except those in `keep`."""
    return _CONTROL.sub(lambda match: match[0] if match[0] in keep else _REPLACEMENT, str(text))
