"""The lake's tables, and the static path into them: recorded logs -> bronze, without Kafka or a JVM.

`tables`      created, grown, held to the contract     `load`    files -> lake, exactly once
`judge`       what becomes of a load's records         `rows`    a typed event -> its rows
`quarantine`  refused records, for people              `amend`   replay and discard
`requests`    how others ask the lake's holder         `files`   compaction, vacuum, history, restore
`housekeeping`  what the holder does between batches   `arrow`   plain rows -> Arrow
"""

from zipotify.lake.tables import ensure_tables

__all__ = ["ensure_tables"]
