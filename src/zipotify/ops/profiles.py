"""What a profile reaches beyond this machine, looked at before anything starts: accounts, rights and versions."""

from __future__ import annotations

import os
import uuid

import duckdb
from pyarrow import fs
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from zipotify.contracts.wire import require_broker
from zipotify.errors import ZipotifyError
from zipotify.ops.doctor import Finding
from zipotify.places import is_address, open_store
from zipotify.settings import Settings
from zipotify.warehouse.duckdb_lake import prepare_connection

_OLDEST_POSTGRESQL = 130_000
_CONNECT_LIMIT_S = 10


def examine_profile(settings: Settings) -> list[Finding]:
    """Findings on what is not on this machine; nothing for what is not used."""
    findings = [Finding("profile", True, settings.profile)]
    if settings.bootstrap_servers is not None:
        findings.append(_kafka(settings))
    if settings.serving_url is not None:
        findings.append(_serving(settings.serving_url.get_secret_value()))
    if settings.lake_url is not None:
        findings += [_store("lake", settings.lake_url), _lake_for_builds(settings.lake_url)]
    if settings.backup_to is not None:
        findings.append(_store("backups", settings.backup_to))
    return findings


def _kafka(settings: Settings) -> Finding:
    """Whether it lets us in with the account that is set."""
    try:
        servers = require_broker(settings, _CONNECT_LIMIT_S)
    except ZipotifyError as error:
        return Finding("Kafka account", False, f"{settings.kafka_security}: {error.what}", error.to_do)
    plain = settings.kafka_security in ("PLAINTEXT", "SASL_PLAINTEXT") and not _on_this_machine(servers)
    advice = "use kafka_security = SASL_SSL: records cross the network in plain text"
    return Finding("Kafka account", not plain, f"{settings.kafka_security} at {servers}", advice, needed=False)


def _on_this_machine(servers: str) -> bool:
    hosts = {server.rpartition(":")[0] for server in servers.split(",")}
    return hosts <= {"127.0.0.1", "localhost", "[::1]"}


def _serving(url: str) -> Finding:
    """Whether it answers, is new enough, and lets us make tables; the password is never shown."""
    name = "serving database"
    try:
        place = make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return Finding(name, False, "serving_url is no SQLAlchemy address", "for example postgresql+psycopg://u@h/db")
    options = {"connect_timeout": _CONNECT_LIMIT_S} if url.startswith("postgresql") else {}
    try:
        engine = create_engine(url, connect_args=options)
        with engine.connect() as connection:
            if engine.dialect.name != "postgresql":
                return Finding(name, True, place)
            version = int(connection.execute(text("show server_version_num")).scalar_one())
            may = bool(connection.scalar(text("select has_schema_privilege(current_schema(), 'create')")))
    except (SQLAlchemyError, ImportError) as error:
        return Finding(name, False, f"{place}: {type(error).__name__}", "check address, account and network")
    if version < _OLDEST_POSTGRESQL:
        return Finding(name, False, f"{place}: version {version // 10_000}", "use PostgreSQL 13 or newer")
    return Finding(name, may, f"{place}: version {version // 10_000}", "grant the account CREATE on its schema")


def _store(name: str, place: str) -> Finding:
    """Whether an object can be written, read and removed there, or the folder written to."""
    if not is_address(place):
        good = os.access(place, os.W_OK)
        return Finding(name, good, f"folder {place}", "make the folder, writable for this account")
    probe = f"zipotify-doctor-{uuid.uuid4().hex}"
    try:
        store, path = open_store(place)
        with store.open_output_stream(f"{path}/{probe}") as stream:
            stream.write(b"probe")
        found = store.get_file_info(f"{path}/{probe}").type == fs.FileType.File
        store.delete_file(f"{path}/{probe}")
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        return Finding(name, False, f"{place}: {said}", "check credentials, bucket, endpoint and the account's rights")
    return Finding(name, found, f"{place}: writes, reads and removes", "the store does not show what was written")


def _lake_for_builds(lake: str) -> Finding:
    """Whether DuckDB gets in, whose account at Google's store is another: HMAC keys."""
    name = "lake for builds"
    try:
        with duckdb.connect() as connection:
            prepare_connection(connection, lake)
            connection.execute("select count(*) from glob(?)", [f"{lake}/*"])
    except (duckdb.Error, ZipotifyError) as error:
        said = " ".join(str(error).split())[:200]
        return Finding(name, False, f"{lake}: {said}", "give AWS_ACCESS_KEY_ID and its secret; Google's are HMAC keys")
    return Finding(name, True, f"{lake}: DuckDB lists it")
