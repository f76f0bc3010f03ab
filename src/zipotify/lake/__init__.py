"""The lake's tables, and the static path into them: recorded logs -> bronze, without Kafka or a JVM."""

from zipotify.lake.tables import ensure_tables

__all__ = ["ensure_tables"]
