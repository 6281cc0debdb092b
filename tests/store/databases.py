"""The two databases that can hold an index, as the store's tests use them."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, inspect, text

from text2svg.store import Store, connect

SERVER = os.environ.get("TEST_DATABASE_URL", "")
"""A PostgreSQL server whose database the tests may fill with schemas; `.ci/run` starts one."""


class Database:
    """SQLite in the store's folder."""

    def url(self, path: Path) -> str:
        return ""

    def create(self, path: Path) -> Store:
        return Store.create(path, self.url(path))

    def open(self, path: Path, *, read_only: bool = False) -> Store:
        return Store.open(path, self.url(path), read_only=read_only)

    def __init__(self) -> None:
        self.engines: list[Engine] = []

    def engine(self, path: Path) -> Engine:
        path.mkdir(parents=True, exist_ok=True)
        self.engines.append(connect.connect(path, self.url(path), read_only=False))
        return self.engines[-1]

    def drop(self, path: Path) -> None:
        """Loses the index."""
        for file in path.glob("index.sqlite*"):
            file.unlink()

    def everything(self, path: Path) -> dict[str, list[tuple]]:
        """Every row of every table of the index."""
        with self.engine(path).connect() as connection:
            found = {}
            for name in inspect(connection).get_table_names():
                rows = connection.execute(text(f"SELECT {self._columns(connection, name)} FROM {name}"))
                found[name] = sorted(map(tuple, rows))
            return found

    def _columns(self, connection: object, table: str) -> str:
        return ", ".join(f'"{column["name"]}"' for column in inspect(connection).get_columns(table))

    def close(self) -> None:
        for engine in self.engines:
            engine.dispose()


class Postgres(Database):
    """A schema of a real server for each store."""

    def __init__(self) -> None:
        super().__init__()
        if not SERVER:
            pytest.skip("no PostgreSQL: set TEST_DATABASE_URL=postgresql://user@host:port/database")
        self.schemas: dict[Path, str] = {}

    def url(self, path: Path) -> str:
        if path not in self.schemas:
            self.schemas[path] = f"t{uuid.uuid4().hex}"
            self._run(f"CREATE SCHEMA {self.schemas[path]}")
        return f"{SERVER}?options={quote(f'-csearch_path={self.schemas[path]}')}"

    def drop(self, path: Path) -> None:
        self._run(f"DROP SCHEMA {self.schemas.pop(path)} CASCADE")

    def close(self) -> None:
        super().close()
        for path in list(self.schemas):
            self.drop(path)

    def _run(self, statement: str) -> None:
        engine = connect.connect(Path(), SERVER, read_only=False)
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()


KINDS = {"sqlite": Database, "postgresql": Postgres}
