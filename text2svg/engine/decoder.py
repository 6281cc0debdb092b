"""What the embedded engine asks of a decoder, whichever runs it: ONNX Runtime or numpy.

A cache holds the keys and values of a few rows in buffers of fixed size. Rows may have different lengths, and the
active ones are always the first. Refuses to sample or to know tokens' texts. The trade-off: a prompt is read one row
at a time, so that its result cannot depend on the other rows; prompts are short, and candidates of one prompt share
the reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Cache(Protocol):
    """Keys and values of up to `rows` sequences of up to `capacity` tokens."""

    def prefill(self, row: int, ids: Sequence[int]) -> NDArray[np.float32]:
        """Forget the row, read `ids` into it, return the logits after the last one: (vocab,)."""
        ...

    def step(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Feed one token to each of the first len(ids) rows; logits (len(ids), vocab), valid until the next call."""
        ...

    def copy(self, source: int, target: int, length: int) -> None:
        """Make row `target` the first `length` tokens of row `source`."""
        ...


class Decoder(Protocol):
    """A loaded model that turns token ids into logits."""

    name: str
    exact_batches: bool
    """A row's logits are the same bits whatever shares its batch; otherwise batches must keep one fixed shape."""

    def cache(self, rows: int, capacity: int) -> Cache:
        """Open an empty cache; several may be open at once."""
        ...
