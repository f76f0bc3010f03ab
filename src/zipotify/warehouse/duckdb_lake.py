"""How DuckDB comes to read the lake, wherever that lies. Nothing of dbt here, which takes seconds to import."""

from __future__ import annotations

import importlib
from pathlib import Path

import duckdb

from zipotify.errors import SetupError
from zipotify.places import is_address, s3_server, store_of

_FOR_STORES = ("httpfs", "aws")
"""`httpfs` reads objects; `aws` finds accounts where Amazon's own tools do: environment, files, roles."""


def extension(name: str) -> Path:
    """An extension's file inside its installed wheel; raises SetupError when it is for another DuckDB."""
    package = importlib.import_module(f"duckdb_extension_{name}")
    file = Path(str(package.__file__)).parent / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    if not file.is_file():
        raise SetupError(f"no {name} extension for DuckDB {duckdb.__version__} at {file}", "run `make setup` again")
    return file


def prepare_connection(connection: duckdb.DuckDBPyConnection, lake: str) -> None:
    """Let it read the lake's tables and files; nothing is ever fetched to that end."""
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    for name in ("delta", *(_FOR_STORES if is_address(lake) else ())):
        connection.execute(f"LOAD {quoted(extension(name))}")
    if is_address(lake):
        connection.execute(_way_in(lake))


def _way_in(lake: str) -> str:
    """The statement that says where the store is and where the account is to be found; it holds no key."""
    endpoint, region = s3_server(lake)
    kind = "gcs" if store_of(lake) == "gs" else "s3"
    # Endpoint and region are said for Google's too: `delta_scan` does not know them by itself.
    options = {"type": kind, "provider": "credential_chain", "region": quoted(region)}
    if endpoint:
        protocol, _, host = endpoint.partition("://")
        options |= {"endpoint": quoted(host), "url_style": "'path'", "use_ssl": str(protocol == "https").lower()}
    return f"CREATE OR REPLACE SECRET lake ({', '.join(f'{name} {value}' for name, value in options.items())})"


def quoted(value: object) -> str:
    """The value as a text of SQL."""
    return "'" + str(value).replace("'", "''") + "'"
