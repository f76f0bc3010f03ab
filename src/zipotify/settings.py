"""All settings: frozen, typed, and the only place that reads the environment.

Order: flag, then environment (`ZIPOTIFY_<NAME>`), then `zipotify.toml` in the home, then the default. In that file the
tables `[profiles.<name>]` hold what differs between places to run; `profile` says whose values win over the rest of it.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from zipotify.errors import ConfigError
from zipotify.home import Home
from zipotify.settings_errors import explain, require_spelled
from zipotify.settings_file import configured

ENV_PREFIX = "ZIPOTIFY_"
CONFIG_FILE = "zipotify.toml"
_NO_SETTINGS = ("HOME", "CACHE", "RUN_ID")
"""Variables of ours that are no settings."""

Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """Every knob of one Zipotify home; units are in the names."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    home_path: Path = Path(".zipotify")
    """Folder that holds everything of one installation: lake, warehouse, Kafka data, logs, secrets."""
    profile: str = "local"
    """Table of `zipotify.toml` that holds: where and with what this home runs."""
    home_max_bytes: Annotated[int, Field(ge=2**20)] | None = None
    """Size that the home may have; beyond it, stream and load take nothing more in, and say so. None is no limit."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """How much each part writes into its log."""
    log_format: Literal["text", "json"] = "text"
    """Log lines for people, or one JSON object a line with the id of the run."""

    # Broker
    bootstrap_servers: str | None = None
    """External Kafka as host:port[,host:port]; None runs the embedded broker."""
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How clients talk to an external Kafka; the embedded broker is on loopback and in plain text."""
    kafka_ca_file: Path | None = None
    """PEM file of the authority that signed Kafka's certificate; None trusts what the system trusts."""
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    """How the account proves its password, where `kafka_security` begins with SASL."""
    kafka_username: str | None = None
    """Account at the external Kafka."""
    kafka_password: SecretStr | None = None
    """Its password; give it in the environment."""
    kafka_port: Port = 9092
    """Wanted port of the embedded broker; the next free one is taken when it is in use."""
    kafka_advertised_port: Port | None = None
    """Port that the embedded broker tells its clients, when a proxy stands before it; None is its own."""
    kafka_partitions: Annotated[int, Field(ge=1, le=512)] = 2
    """Partitions per event topic; order holds per session, which is the record's key."""
    kafka_heap_mb: Annotated[int, Field(ge=256)] = 384
    """Memory of the embedded broker's JVM."""
    kafka_retention_hours: Annotated[int, Field(ge=1)] = 72
    """The embedded broker keeps records so long, unless its disk ceiling is reached before."""
    kafka_max_bytes: Annotated[int, Field(ge=16 * 2**20)] = 2 * 2**30
    """Disk ceiling of the embedded broker, shared evenly by all its event partitions."""

    # Events
    max_event_bytes: Annotated[int, Field(ge=1024)] = 2**20
    """A larger record that reaches the stream is refused as TOO_LARGE."""
    max_produced_bytes: Annotated[int, Field(ge=1024)] = 8 * 2**20
    """The largest record that topics take; the producer refuses a larger one as TOO_LARGE."""
    future_tolerance_hours: Annotated[int, Field(ge=0)] = 24
    """An event may lie this far after the moment it was produced."""

    # Lake and stores
    lake_url: str | None = None
    """Where the lake is, as s3://bucket/path or gs://bucket/path; None is the folder `lake` of the home."""
    store_endpoint: str | None = None
    """Address of an S3 server that is not Amazon's; the environment's AWS_ENDPOINT_URL wins."""
    store_region: str | None = None
    """Region of the buckets, us-east-1 when unset; the environment's AWS_REGION wins."""

    # Stream
    spark_master: str = "local[2]"
    """Where Spark runs: `local[N]` with N cores here, or the address of a cluster."""
    spark_driver_memory_mb: Annotated[int, Field(ge=512)] = 1280
    """Memory of Spark's driver, which is all of Spark with a local master."""
    spark_driver_host: str = "127.0.0.1"
    """Address under which the machines of a cluster find the driver; loopback is for local masters."""
    spark_executor_memory_mb: Annotated[int, Field(ge=512)] = 1024
    """Memory of each executor of a cluster; a local master has none."""
    spark_shuffle_partitions: Annotated[int, Field(ge=1)] = 2
    """Parts that rows are dealt into where a batch is grouped or joined: as many as there are cores."""
    bronze_trigger_s: Annotated[int, Field(ge=0)] = 10
    """Time from one batch into the lake to the next."""
    live_trigger_s: Annotated[int, Field(ge=0)] = 2
    """Time from one batch of live rollups to the next."""
    max_offsets_per_trigger: Annotated[int, Field(ge=1)] = 60_000
    """Records that a batch takes at most: a long backlog is worked off in pieces."""
    live_retention_hours: Annotated[int, Field(ge=1)] = 48
    """Live rollups older than this are removed."""
    compact_interval_s: Annotated[int, Field(ge=10)] = 600
    """How often the stream looks for many small files to merge, between two batches."""
    live_watermark_minutes: Annotated[int, Field(ge=1)] = 120
    """How late an event may come and still count on live tiles. Bronze takes it at any age."""

    # Serving and warehouse
    serving_url: SecretStr | None = None
    """SQLAlchemy address of the serving database; None is SQLite inside the home."""
    build_interval_s: Annotated[int, Field(ge=1)] = 60
    """Time from the start of one warehouse build to the next, under `--watch`."""
    analyses_interval_s: Annotated[int, Field(ge=1)] = 600
    """`build --watch` builds the heavier analyses (cohorts, survival, top lists, ...) again only so often."""
    warehouse_memory_mb: Annotated[int, Field(ge=256)] = 1024
    """Memory of DuckDB during builds; beyond it, DuckDB uses the disk."""
    published_keep_count: Annotated[int, Field(ge=2)] = 3
    """Published snapshots that are kept, the current one included."""
    arpu_paid_month: Annotated[float, Field(ge=0)] = 9.99
    """What a month of one paid subscription brings in, in whatever currency; lifetime value is reckoned with it."""
    churn_horizon_days: Annotated[int, Field(ge=1, le=365)] = 7
    """`zipotify analyses`: a user who has no event for so many days, or closes the account in them, counts as gone."""
    k_anonymity: Annotated[int, Field(ge=1)] = 10
    """Published demographic aggregates hide groups with fewer distinct people than this."""

    # Operations
    demo_history_days: Annotated[int, Field(ge=1)] = 30
    """Days of the past that the simulator of `zipotify up` sends first; for a home that it has not begun in yet."""
    backup_to: str | None = None
    """Folder for the copies that the maintenance job makes; None makes none."""
    backup_keep_count: Annotated[int, Field(ge=1)] = 3
    """Copies that are kept in `backup_to`."""
    records_keep_days: Annotated[int, Field(ge=1)] = 30
    """Age at which records of builds, job runs and freshness are removed."""
    freshness_limit_s: Annotated[int, Field(ge=1)] = 900
    """The quality job fails when the newest p95 from produced to visible is above this."""
    stream_silent_s: Annotated[int, Field(ge=30)] = 300
    """A stream that has events waiting and finished no batch for so long counts as hanging."""
    webhook_url: SecretStr | None = None
    """Where a failed job is told, as JSON; the address is treated as a secret."""

    # Privacy
    retention_days: dict[str, Annotated[int, Field(ge=1)]] = {"quarantine": 90, "repeats": 90}
    """Days that rows of a lake table stay (`privacy retain`); events by their day, other rows by their arrival."""
    backup_keep_days: Annotated[int, Field(ge=1)] = 30
    """How long copies of the home are kept at the longest; reports of erasures name the day."""

    # Dashboard
    dashboard_host: str = "127.0.0.1"
    """Address that the dashboard listens on."""
    dashboard_port: Port = 8050
    """Wanted port of the dashboard; the next free one is taken when it is in use."""

    # Secrets
    user_key_secret: SecretStr | None = None
    """Key of the user hash as hex; None generates one per home."""

    @field_validator("user_key_secret")
    @classmethod
    def _hex_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                long_enough = len(bytes.fromhex(value.get_secret_value())) >= 16
            except ValueError:
                long_enough = False
            if not long_enough:
                raise ValueError("must be at least 32 hexadecimal digits")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flag, then environment, then the home's TOML file."""
        flags = getattr(init_settings, "init_kwargs", {})
        profile = flags.get("profile") or os.environ.get(ENV_PREFIX + "PROFILE")
        file = configured(Path(flags.get("home_path", ".")) / CONFIG_FILE, profile)
        return init_settings, env_settings, InitSettingsSource(settings_cls, file)

    @cached_property
    def home(self) -> Home:
        """The folders and files inside the home."""
        return Home(self.home_path, self.lake_url)

    def serving_address(self) -> str:
        """SQLAlchemy URL of the serving database (may hold a password: never log it)."""
        if self.serving_url is not None:
            return self.serving_url.get_secret_value()
        return f"sqlite:///{self.home.serving_file}"

    def user_key(self) -> bytes:
        """The secret of the user hash: given, or generated once for this home."""
        if self.user_key_secret is not None:
            return bytes.fromhex(self.user_key_secret.get_secret_value())
        return self.home.secret("user.key")


def cache_folder() -> Path:
    """Where downloads are kept: $ZIPOTIFY_CACHE, else `.cache` of the checkout, else the user's cache when installed.

    Holds `jars/`, `jdk/` (a wrapper around the JDK of a wheel) and what set-up puts there.
    """
    given = os.environ.get(ENV_PREFIX + "CACHE")
    if given:
        return Path(given).expanduser().absolute()
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").exists():
        return checkout / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zipotify"


def load_settings(home: Path | None = None, **flags: Any) -> Settings:
    """Read the settings of one home; `flags` win over environment and file.

    Raises ConfigError naming the key, its source and what is allowed.
    """
    path = home or Path(os.environ.get(ENV_PREFIX + "HOME") or ".zipotify")
    if path.exists() and not path.is_dir():
        raise ConfigError(f"{path} is a file, and a home is a folder", "name another --home")
    given = {name: value for name, value in flags.items() if value is not None}
    require_spelled(os.environ, ENV_PREFIX, Settings.model_fields, _NO_SETTINGS)
    try:
        return Settings(home_path=path.expanduser().absolute(), **given)
    except ValidationError as error:
        raise ConfigError(*explain(error, ENV_PREFIX, path / CONFIG_FILE, given, Settings.model_fields)) from None
    except ValueError as error:  # tomllib reports the line and column
        raise ConfigError(f"{path / CONFIG_FILE}: {error}", "correct the file; it must be valid TOML") from None
