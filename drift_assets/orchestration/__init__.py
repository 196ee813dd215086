"""Dagster: the only room, with ``definitions``, that knows it."""
