"""Migrations and models describe the same tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from databases import Database
from sqlalchemy import inspect
from sqlmodel import SQLModel

from text2svg.errors import StoreError
from text2svg.store import migrations


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


def test_migrated_and_declared_schema_agree(db: Database, tmp_path: Path) -> None:
    migrated = db.engine(tmp_path / "migrated")
    migrations.migrate(migrated)
    declared = db.engine(tmp_path / "declared")
    from text2svg.store import models

    tables = [table.__table__ for name, table in vars(models).items() if name.endswith("Row")]
    SQLModel.metadata.create_all(declared, tables=tables)
    assert shape(inspect(migrated)) == shape(inspect(declared))


def test_migrating_again_changes_nothing(db: Database, tmp_path: Path) -> None:
    engine = db.engine(tmp_path)
    migrations.migrate(engine)
    migrations.migrate(engine)
    assert migrations.applied(engine) == ["m001_initial", "m002_pages"]


def test_a_migration_that_fails_leaves_nothing(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def m999_broken(connection: object) -> None:
        connection.exec_driver_sql("CREATE TABLE half (x INTEGER)")
        raise RuntimeError("in the middle")

    monkeypatch.setattr(migrations, "MIGRATIONS", (migrations.m001_initial, m999_broken))
    engine = db.engine(tmp_path)
    with pytest.raises(RuntimeError):
        migrations.migrate(engine)
    assert migrations.applied(engine) == ["m001_initial"]
    assert not inspect(engine).has_table("half")


def test_an_index_of_a_newer_version_is_refused(db: Database, tmp_path: Path) -> None:
    db.create(tmp_path / "store").close()
    engine = db.engine(tmp_path / "store")
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO migration VALUES ('m999_future')")
    engine.dispose()
    for read_only in (True, False):
        with pytest.raises(StoreError, match="m999_future"):
            db.open(tmp_path / "store", read_only=read_only)


def test_naming_the_values_loads_no_heavy_package() -> None:
    code = (
        "import sys, text2svg.store, text2svg.pipeline, text2svg.executor.processes\n"
        "heavy = {'sqlmodel', 'sqlalchemy', 'pyarrow', 'numpy', 'torch'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
