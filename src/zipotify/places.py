"""Where the lake may lie: a folder of this machine, or below an address of an object store. The one place that decides.

Both are asked in the same way: joined with `/`, handed as text to whoever reads Delta (deltalake, Polars, Spark,
DuckDB), and read and written whole where a small file lies beside the tables. Accounts, and where a server is that is
not Amazon's or Google's, are in the environment, under the names that those readers know (AWS_ACCESS_KEY_ID,
GOOGLE_APPLICATION_CREDENTIALS, …). DuckDB reaches Google's as S3's clients do, with HMAC keys under Amazon's names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from zipotify.errors import ConfigError

Store = Literal["s3", "gs"]
"""Amazon's or what speaks like it, and Google's: the schemes of their addresses."""
_SCHEMES: dict[str, Store] = {"s3://": "s3", "gs://": "gs"}
_DEFAULT_REGION = "us-east-1"
_GOOGLE_FOR_S3_CLIENTS = ("https://storage.googleapis.com", "auto")
"""Endpoint and region."""


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
        # Arrow does not name a folder at Google's that nobody made, only what lies in it.
        look = fs.FileSelector(path, recursive=store_of(self.address) == "gs")
        names = {info.path.removeprefix(f"{path}/").partition("/")[0] for info in store.get_file_info(look)}
        yield from (self / name for name in sorted(names))

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
    if store_of(address) is None or not address.partition("://")[2].strip("/"):
        advice = "name s3://bucket/path or gs://bucket/path, or leave it out: the lake is in the home"
        raise ConfigError(f"lake_url is '{address}'", advice)
    if store_of(address) == "gs":
        _let_polars_find_accounts_as_deltalake_does()
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
    return store_of(place) is not None


def store_of(place: str) -> Store | None:
    """Which kind of store an address names; None for a folder."""
    return _SCHEMES.get(place[:5])


def s3_server(place: str) -> tuple[str, str]:
    """Endpoint (empty for Amazon's own) and region by which S3 clients reach an address."""
    if store_of(place) == "gs":
        endpoint, region = _GOOGLE_FOR_S3_CLIENTS
        return google_emulator() or endpoint, region
    return os.environ.get("AWS_ENDPOINT_URL", ""), os.environ.get("AWS_REGION", _DEFAULT_REGION)


def google_emulator() -> str:
    """Address of a server that stands for Google's and asks for no account; empty for Google's own."""
    host = os.environ.get("STORAGE_EMULATOR_HOST", "").rstrip("/")
    return host if "://" in host or not host else f"http://{host}"


def reach_store(endpoint: str | None, region: str | None) -> None:
    """Tell all libraries of this process, and its children, where S3 is; what the environment says already holds."""
    if endpoint:
        os.environ.setdefault("AWS_ENDPOINT_URL", endpoint)
    if region:
        os.environ.setdefault("AWS_REGION", region)
    if os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://"):
        os.environ.setdefault("AWS_ALLOW_HTTP", "true")


def open_store(address: str) -> tuple[Any, str]:
    """Arrow's file system for an address, and the path in it."""
    from pyarrow import fs

    path = address.partition("://")[2].rstrip("/")
    if store_of(address) == "gs":
        emulator = google_emulator()
        return fs.GcsFileSystem(**({"anonymous": True, **_elsewhere(emulator)} if emulator else {})), path
    endpoint, region = s3_server(address)
    return fs.S3FileSystem(region=region, **_elsewhere(endpoint)), path


def _elsewhere(endpoint: str) -> dict[str, Any]:
    """Options of Arrow's file systems for a server that is not the store's own."""
    protocol, _, host = endpoint.partition("://")
    return {"endpoint_override": host, "scheme": protocol} if endpoint else {}


def _let_polars_find_accounts_as_deltalake_does() -> None:
    """Where Google's Python library happens to be installed, Polars asks that instead, which looks in other places."""
    import polars as pl

    pl.Config.set_default_credential_provider(None)
