"""Migrations and models describe the same tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect
from sqlmodel import SQLModel

from text2svg.errors import StoreError
from text2svg.store import Store, index, migrations


def shape(inspector: object) -> dict[str, object]:
    return {
        table: (
            sorted(
                (column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)
            ),
            inspector.get_pk_constraint(table)["constrained_columns"],
            sorted((tuple(found["column_names"]), found["unique"]) for found in inspector.get_indexes(table)),
            sorted(tuple(found["column_names"]) for found in inspector.get_unique_constraints(table)),
        )
        for table in inspector.get_table_names()
    }


def test_migrated_and_declared_schema_agree(tmp_path: Path) -> None:
    migrated = index.connect(tmp_path / "migrated.sqlite", read_only=False)
    migrations.migrate(migrated)
    declared = index.connect(tmp_path / "declared.sqlite", read_only=False)
    from text2svg.store import models

    tables = [table.__table__ for name, table in vars(models).items() if name.endswith("Row")]
    SQLModel.metadata.create_all(declared, tables=tables)
    assert shape(inspect(migrated)) == shape(inspect(declared))


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    engine = index.connect(tmp_path / "index.sqlite", read_only=False)
    migrations.migrate(engine)
    migrations.migrate(engine)
    assert migrations.applied(engine) == ["m001_initial"]


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def m002_broken(connection: object) -> None:
        connection.exec_driver_sql("CREATE TABLE half (x INTEGER)")
        raise RuntimeError("in the middle")

    monkeypatch.setattr(migrations, "MIGRATIONS", (migrations.m001_initial, m002_broken))
    engine = index.connect(tmp_path / "index.sqlite", read_only=False)
    with pytest.raises(RuntimeError):
        migrations.migrate(engine)
    assert migrations.applied(engine) == ["m001_initial"]
    assert not inspect(engine).has_table("half")


def test_an_index_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    Store.create(tmp_path / "store").close()
    engine = index.connect(tmp_path / "store" / "index.sqlite", read_only=False)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO migration VALUES ('m999_future')")
    engine.dispose()
    for read_only in (True, False):
        with pytest.raises(StoreError, match="m999_future"):
            Store.open(tmp_path / "store", read_only=read_only)


def test_naming_the_values_loads_no_heavy_package() -> None:
    code = (
        "import sys, text2svg.store, text2svg.pipeline, text2svg.executor.processes\n"
        "heavy = {'sqlmodel', 'sqlalchemy', 'pyarrow', 'numpy', 'torch'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
