"""Zipotify: open music-streaming analytics whose numbers add up."""

__version__ = "0.1.0"
