"""Where the lake may lie: a folder of this machine, or below an address of an object store. The one place that decides.

Both are asked in the same way: joined with `/`, handed as text to whoever reads Delta (deltalake, Polars, Spark,
DuckDB), and read and written whole where a small file lies beside the tables. Accounts, and where an S3 server is that
is not Amazon's, are in the environment, under the names that all of those readers know (AWS_ACCESS_KEY_ID, …).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from zipotify.errors import ConfigError

_BACKUP_SCHEMES = ("s3://", "gs://")
_LAKE_SCHEME = "s3://"
_DEFAULT_REGION = "us-east-1"


class Folder(Protocol):
    """What `pathlib.Path` and `StoreFolder` have in common."""

    @property
    def name(self) -> str:
        """The last part."""

    @property
    def parent(self) -> Folder:
        """Without the last part."""

    def __truediv__(self, name: str, /) -> Folder: ...

    def exists(self) -> bool:
        """Whether anything is there."""

    def is_dir(self) -> bool:
        """Whether anything lies below it."""

    def is_file(self) -> bool:
        """Whether it is a file or an object."""

    def mkdir(self, *, parents: bool = ..., exist_ok: bool = ...) -> None:
        """Make it; stores have no folders, and need none."""

    def iterdir(self) -> Iterator[Folder]:
        """What lies directly below."""

    def read_bytes(self) -> bytes:
        """The whole file; raises FileNotFoundError."""

    def read_text(self) -> str:
        """The whole file; raises FileNotFoundError."""

    def write_text(self, text: str, /) -> int:
        """Write the whole file."""

    def unlink(self) -> None:
        """Remove the file."""


@dataclass(frozen=True)
class StoreFolder:
    """A place in an object store."""

    address: str

    def __str__(self) -> str:
        return self.address

    @property
    def name(self) -> str:
        """The last part."""
        return self.address.rpartition("/")[2]

    @property
    def parent(self) -> StoreFolder:
        """Without the last part."""
        return StoreFolder(self.address.rpartition("/")[0])

    def __truediv__(self, name: str, /) -> StoreFolder:
        return StoreFolder(f"{self.address}/{name}")

    def exists(self) -> bool:
        """Whether anything is there."""
        return self.is_file() or self.is_dir()

    def is_dir(self) -> bool:
        """Whether anything lies below it."""
        return self._kind() == "Directory"

    def is_file(self) -> bool:
        """Whether it is an object."""
        return self._kind() == "File"

    def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Nothing: stores have no folders."""

    def iterdir(self) -> Iterator[StoreFolder]:
        """What lies directly below."""
        from pyarrow import fs

        store, path = open_store(self.address)
        for found in store.get_file_info(fs.FileSelector(path)):
            yield self / found.base_name

    def read_bytes(self) -> bytes:
        """The whole object; raises FileNotFoundError."""
        store, path = open_store(self.address)
        with store.open_input_stream(path) as stream:
            return bytes(stream.readall())

    def read_text(self) -> str:
        """The whole object; raises FileNotFoundError."""
        return self.read_bytes().decode()

    def write_text(self, text: str, /) -> int:
        """Put the object, which readers see whole or not at all."""
        store, path = open_store(self.address)
        with store.open_output_stream(path) as stream:
            return int(stream.write(text.encode()))

    def unlink(self) -> None:
        """Remove the object."""
        store, path = open_store(self.address)
        store.delete_file(path)

    def _kind(self) -> str:
        store, path = open_store(self.address)
        return str(store.get_file_info(path).type.name)


def lake_at(address: str | None, otherwise: Path) -> Folder:
    """The lake's place; raises ConfigError for an address that no lake can have."""
    if address is None:
        return otherwise
    if not address.startswith(_LAKE_SCHEME) or len(address.rstrip("/")) <= len(_LAKE_SCHEME):
        raise ConfigError(f"lake_url is '{address}'", "name s3://bucket/path, or leave it out: the lake is in the home")
    return StoreFolder(address.rstrip("/"))


def replace_text(file: Folder, text: str) -> None:
    """Write a small file so that readers see the old or the new one, whole."""
    if isinstance(file, Path):
        fresh = file.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(file)
    else:
        file.write_text(text)


def is_address(place: str) -> bool:
    """Whether it names an object store, not a folder."""
    return place.startswith(_BACKUP_SCHEMES)


def reach_store(endpoint: str | None, region: str | None) -> None:
    """Tell all libraries of this process, and its children, where S3 is; what the environment says already holds."""
    if endpoint:
        os.environ.setdefault("AWS_ENDPOINT_URL", endpoint)
    if region:
        os.environ.setdefault("AWS_REGION", region)
    if store_endpoint().startswith("http://"):
        os.environ.setdefault("AWS_ALLOW_HTTP", "true")


def store_endpoint() -> str:
    """Address of the S3 server; empty for Amazon's own."""
    return os.environ.get("AWS_ENDPOINT_URL", "")


def store_region() -> str:
    """Region of the buckets."""
    return os.environ.get("AWS_REGION", _DEFAULT_REGION)


def open_store(address: str) -> tuple[Any, str]:
    """Arrow's file system for an address, and the path in it."""
    from pyarrow import fs

    scheme, _, path = address.partition("://")
    if scheme == "gs":
        return fs.GcsFileSystem(), path
    options: dict[str, Any] = {"region": store_region()}
    if endpoint := store_endpoint():
        protocol, _, host = endpoint.partition("://")
        options |= {"endpoint_override": host, "scheme": protocol}
    return fs.S3FileSystem(**options), path.rstrip("/")
