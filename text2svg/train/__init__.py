"""Recipes that read token shards and write model folders. Nothing is imported here: torch is heavy and optional."""
