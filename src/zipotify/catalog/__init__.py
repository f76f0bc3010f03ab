"""Tracks and artists: what can be played."""
