"""Everything that Zipotify raises on purpose, as one tree.

    ZipotifyError                exit 1: it failed
    ├── UsageError               exit 2: the call was wrong
    │   ├── ConfigError            a setting or a configuration file is wrong
    │   └── MissingInputError      a named file or folder is not there
    ├── HomeInUseError           another process writes to this home
    ├── HomeFullError            the home has reached the size that it may have
    ├── PortTakenError           the port that was asked for is not free
    ├── BrokerUnreachableError   no Kafka answers (retryable)
    ├── SetupError               a jar, JDK or package is missing or damaged
    ├── ContractError            stored data and the contract do not fit
    ├── CheckpointLostError      the stream's place in Kafka is gone
    ├── ErasurePendingError      data older than the list of erased people
    ├── BuildError               the warehouse build failed; the last good one stays published
    ├── QueryError               a SQL query was refused or failed
    └── ForbiddenError           the role of whoever asks is not enough

Each says what happened, where, and what to do about it.
"""

from __future__ import annotations


class ZipotifyError(Exception):
    """Base of the tree: `what` happened, and what `to_do` about it."""

    exit_code = 1
    retryable = False

    def __init__(self, what: str, to_do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.to_do = to_do

    def __str__(self) -> str:
        return f"{self.what}\n  -> {self.to_do}" if self.to_do else self.what


class UsageError(ZipotifyError):
    """The call itself was wrong; nothing was started."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting, flag or configuration file has a wrong key or value."""


class MissingInputError(UsageError):
    """A file or folder that was named does not exist or has nothing to read."""


class HomeInUseError(ZipotifyError):
    """Another process holds the lock on this home."""


class HomeFullError(ZipotifyError):
    """The home has reached `home_max_bytes`; nothing more is taken in, and nothing was lost."""


class PortTakenError(ZipotifyError):
    """A port that was asked for by number is in use."""


class BrokerUnreachableError(ZipotifyError):
    """No broker answered in time."""

    retryable = True


class SetupError(ZipotifyError):
    """Something that set-up should have installed is missing or damaged."""


class ContractError(ZipotifyError):
    """Stored data and the contract do not fit together."""


class CheckpointLostError(ZipotifyError):
    """The stream's checkpoint, or the offsets it names, no longer exist."""


class ErasurePendingError(ZipotifyError):
    """The lake is older than the list of erased people, so it may hold some of them."""


class BuildError(ZipotifyError):
    """A warehouse build failed; what was published before stays."""


class QueryError(ZipotifyError):
    """A SQL query was refused or failed."""


class ForbiddenError(ZipotifyError):
    """Whoever asks may not have this."""
