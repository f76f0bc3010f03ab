"""The simulator: believable traffic of a music service, as Eventsim makes it."""

from zipotify.simulate.job import Job, simulate
from zipotify.simulate.live import LiveOptions
from zipotify.simulate.plan import Options

__all__ = ["Job", "LiveOptions", "Options", "simulate"]
