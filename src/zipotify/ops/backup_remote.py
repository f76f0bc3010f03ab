"""Backups on object stores, through Arrow's file systems: s3:// (any server that speaks S3) and gs://.

Credentials and endpoint come from the environment, as the stores' own tools read them (AWS_ACCESS_KEY_ID,
AWS_ENDPOINT_URL, GOOGLE_APPLICATION_CREDENTIALS, …).
"""

from __future__ import annotations

from pathlib import Path

from pyarrow import fs

from zipotify.errors import ZipotifyError
from zipotify.places import open_store


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
