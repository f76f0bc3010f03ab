"""Accounts, sessions and tokens on disk: a database that only its owner can read; of secrets it has hashes."""

from __future__ import annotations

import hashlib

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, String, Table, create_engine
from sqlalchemy.engine import Engine

from zipotify.home import Home

metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", String(256), nullable=False),
    Column("must_change", Boolean, nullable=False, default=False),
    Column("created_at_s", BigInteger, nullable=False),
    Column("failure_count", Integer, nullable=False, default=0),
    Column("locked_until_s", BigInteger, nullable=False, default=0),
    comment="one row per person; passwords as argon2id",
)
sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("name", String(64), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("began_at_s", BigInteger, nullable=False),
    Column("seen_at_s", BigInteger, nullable=False),
    Column("renewed_at_s", BigInteger, nullable=False),
    Column("replaced_at_s", BigInteger),
    comment="one row per cookie; a replaced one is good for some seconds more",
)
tokens = Table(
    "tokens",
    metadata,
    Column("token_id", String(16), primary_key=True),
    Column("label", String(64), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("scopes", String(64), nullable=False),
    Column("created_at_s", BigInteger, nullable=False),
    Column("expires_at_s", BigInteger, nullable=False),
    Column("revoked_at_s", BigInteger),
    comment="one row per API token; the secret as SHA-256, since it is random and long",
)


def open_store(home: Home) -> Engine:
    """The home's database of access, made when there is none."""
    home.access_file.parent.mkdir(parents=True, exist_ok=True)
    home.access_file.touch(mode=0o600)
    home.access_file.chmod(0o600)
    engine = create_engine(f"sqlite:///{home.access_file}", connect_args={"timeout": 30})
    metadata.create_all(engine)
    return engine


def digest(secret: str) -> str:
    """What is stored of a long random secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
