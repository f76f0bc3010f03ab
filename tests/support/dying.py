"""A reader that ends its process on some files, as a C library does that a bent file has confused."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import polars as pl

from zipotify.catalog.raw import RAW_SCHEMA, SourceReport, as_raw


def read_or_die(files: list[Path]) -> tuple[pl.DataFrame, SourceReport]:
    """The name of each file as a title; SIGKILL where its content asks for it."""
    for file in files:
        if file.read_text() == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
    rows = [{"title": file.stem} for file in files]
    schema = {"title": RAW_SCHEMA["title"]}
    return as_raw(pl.DataFrame(rows, schema=schema)), SourceReport("hdf5", len(files))
