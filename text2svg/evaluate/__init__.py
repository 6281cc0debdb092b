"""Measure what was drawn, offline and by name: protocol `core`."""
