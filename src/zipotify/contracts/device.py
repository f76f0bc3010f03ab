"""Device class of a user agent: the coarse, non-personal part that bronze keeps."""

from __future__ import annotations

DEVICE_CLASSES: tuple[tuple[str, str], ...] = (
    ("iPad", "iPad"),
    ("iPhone", "iPhone"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
"""(text looked for, device class): the first that occurs in the user agent wins."""
OTHER_DEVICE = "Other"


def device_class(user_agent: str | None) -> str | None:
    """The device class, `Other` for agents of no known class, None where there is no user agent."""
    if user_agent is None:
        return None
    return next((name for text, name in DEVICE_CLASSES if text in user_agent), OTHER_DEVICE)
