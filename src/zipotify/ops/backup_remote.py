"""Backups on object stores, through Arrow's file systems: s3:// (any server that speaks S3) and gs://.

Credentials and endpoint come from the environment, as the stores' own tools read them (AWS_ACCESS_KEY_ID,
AWS_ENDPOINT_URL, GOOGLE_APPLICATION_CREDENTIALS, …).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pyarrow import fs

from zipotify.errors import ZipotifyError

_SCHEMES = ("s3://", "gs://")


def is_address(place: str) -> bool:
    """Whether it names an object store, not a folder."""
    return place.startswith(_SCHEMES)


def upload(folder: Path, address: str) -> None:
    """Copy a folder up, its listing last, so that an interrupted upload is no backup."""
    store, path = open_store(address)
    listing = folder / "backup.json"
    try:
        fs.copy_files(
            str(folder / "home"), f"{path}/home", source_filesystem=fs.LocalFileSystem(), destination_filesystem=store
        )
        fs.copy_files(
            str(listing), f"{path}/{listing.name}", source_filesystem=fs.LocalFileSystem(), destination_filesystem=store
        )
    except OSError as error:
        raise ZipotifyError(
            f"the backup could not be written to {address}: {error}", "check credentials and rights"
        ) from None


def download(address: str, folder: Path) -> None:
    """Copy a backup down."""
    store, path = open_store(address)
    try:
        fs.copy_files(path, str(folder), source_filesystem=store, destination_filesystem=fs.LocalFileSystem())
    except OSError as error:
        raise ZipotifyError(
            f"{address} could not be read: {error}", "check the address, credentials and rights"
        ) from None


def open_store(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it."""
    scheme, _, path = address.partition("://")
    if scheme == "gs":
        return fs.GcsFileSystem(), path
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    options: dict[str, Any] = {"region": os.environ.get("AWS_REGION", "us-east-1")}
    if endpoint:
        protocol, _, host = endpoint.partition("://")
        options |= {"endpoint_override": host, "scheme": protocol}
    return fs.S3FileSystem(**options), path.rstrip("/")
