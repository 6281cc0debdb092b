"""The corpus store: Parquet shards that are the truth, and an index that can be made again from them.

`Store` and `RankStore` are resolved on first use, so naming the values here loads neither SQLModel nor Arrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from text2svg.store.base import Artifact, Count, Manifest, Report, Row, Run, ShardKey, Verdict
from text2svg.store.takedown import Takedown, Takedowns

if TYPE_CHECKING:
    from text2svg.store.database import Store
    from text2svg.store.ranks import RankStore

__all__ = [
    "Artifact", "Count", "Manifest", "RankStore", "Report", "Row", "Run", "ShardKey", "Store", "Takedown", "Takedowns",
    "Verdict",
]  # fmt: skip


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name == "Store":
        from text2svg.store.database import Store

        return Store
    if name == "RankStore":
        from text2svg.store.ranks import RankStore

        return RankStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
