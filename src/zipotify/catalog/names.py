"""Names that went through Latin-1 or Windows-1252 on their way: UTF-8 read as that and written again."""

from __future__ import annotations

import polars as pl

_MOST_ROUNDS = 3


def repaired(text: str) -> str:
    """The text as it was meant; itself when nothing is wrong with it."""
    for _ in range(_MOST_ROUNDS):
        better = _once(text)
        if better == text:
            return text
        text = better
    return text


def repair_column(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """The column repaired; `<name>_original` has what was there before, where that was changed."""
    suspects = frame.filter(pl.col(name).str.contains(r"[\u0080-\u00ff\u0152-\u2122]"))[name].unique()
    fixes = {text: better for text in suspects if (better := repaired(text)) != text}
    changed = pl.col(name).is_in(list(fixes))
    return frame.with_columns(
        pl.when(changed).then(pl.col(name)).alias(f"{name}_original"),
        pl.col(name).replace(fixes) if fixes else pl.col(name),
    )


def _once(text: str) -> str:
    """One wrong reading undone. Real text hardly ever happens to be valid UTF-8 in its Latin-1 bytes."""
    for encoding in ("latin-1", "cp1252"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text
