"""Who may do what in a PostgreSQL serving database: the owner makes tables, parts write rows, readers read them.

`writer` is for the account of stream, builds and jobs, `reader` for that of a dashboard or of another tool on another
machine. A reader's one write is the sign of life that its part gives of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ProgrammingError

from zipotify.contracts import serving
from zipotify.errors import UsageError, ZipotifyError

ServingRole = Literal["writer", "reader"]
SERVING_ROLES: tuple[ServingRole, ...] = get_args(ServingRole)


def statements(role: ServingRole, account: str, schema: str = "public") -> list[str]:
    """SQL that leaves the account, both names quoted already, with exactly the rights of the role."""
    tables = ", ".join(f"{schema}.{table.name}" for table in serving.metadata.sorted_tables)
    rows = "SELECT, INSERT, UPDATE, DELETE" if role == "writer" else "SELECT"
    given = [
        f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {account}",
        f"REVOKE ALL ON SCHEMA {schema} FROM {account}",
        f"GRANT USAGE ON SCHEMA {schema} TO {account}",
        f"GRANT {rows} ON {tables} TO {account}",
    ]
    if role == "reader":
        given.append(f"GRANT INSERT, UPDATE ON {schema}.{serving.parts.name} TO {account}")
    return given


def grant_serving(engine: Engine, accounts: Mapping[ServingRole, str]) -> None:
    """Give each account, which exists, the rights of its role, all or nothing; the engine is the owner's.

    Raises UsageError for a database without accounts, and ZipotifyError with what PostgreSQL said.
    """
    if engine.dialect.name != "postgresql":
        raise UsageError("the serving database is a file, whose rights are the system's", "set serving_url first")
    quote = engine.dialect.identifier_preparer.quote_identifier
    try:
        with engine.begin() as connection:
            for role, account in accounts.items():
                for statement in statements(role, quote(account)):
                    connection.execute(text(statement))
    except ProgrammingError as error:
        said = str(error.orig).splitlines()[0]
        raise ZipotifyError(f"PostgreSQL refused: {said}", "make the account first, and connect as the owner") from None
