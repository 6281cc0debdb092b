"""Store x step x executor: bring rows in, bring stages up to date, record runs; the only floor that writes a store."""

from __future__ import annotations

from text2svg.pipeline.progress import Progress, Summary
from text2svg.pipeline.retry import retry
from text2svg.pipeline.sources import import_samples
from text2svg.pipeline.stages import key_of, run

__all__ = ["Progress", "Summary", "import_samples", "key_of", "retry", "run"]
