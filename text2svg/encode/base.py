"""What an encoder is: drawings and words become unit vectors of one space, so that one inner product compares them.

Refuses to know models, folders or pixels. The trade-off: vectors are always float32 rows of length one, also for
encoders that could give less, because every reader (search, ranking, evaluation) then needs no case distinction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from numpy.typing import NDArray


@runtime_checkable
class Encoder(Protocol):
    """Encoders are not shared between threads unless their own docstring says so."""

    name: str
    """For people, e.g. `hashed` or the `name` of a model card."""
    dim: int
    """Width D of a vector."""
    digest: str
    """Identity of the space: vectors with different digests must never be compared."""

    def encode_text(self, texts: Sequence[str]) -> NDArray:
        """(N, D) float32, each row of length 1; a text without a known word is the zero row."""
        ...

    def encode_svg(self, svgs: Sequence[str]) -> NDArray:
        """(N, D) float32, each row of length 1. Raises RenderError or SvgError for a drawing it cannot read."""
        ...


def positive(text: str) -> int:
    """A spec option that counts something. Raises ValueError."""
    number = int(text)
    if number < 1:
        raise ValueError("write a whole number of at least 1")
    return number
