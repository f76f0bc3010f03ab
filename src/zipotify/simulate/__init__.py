"""The simulator: believable traffic of a music service, as Eventsim makes it."""

from zipotify.simulate.job import Job, Outcome, simulate
from zipotify.simulate.live_options import LiveOptions
from zipotify.simulate.plan import Options
from zipotify.simulate.songs import Songs

__all__ = ["Job", "LiveOptions", "Options", "Outcome", "Songs", "simulate"]
