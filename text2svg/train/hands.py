"""Words of a drawing that is shown mirrored: left is right then, and what is written cannot be read.

A mirrored cat is a cat, so most drawings are two to learn from. Refuses words that name a side they cannot name otherwise
(clocks, signs that are read, letters, digits, brands). The trade-off: a list of words, not a look at the picture, so a
few drawings with letters in them come through under words that do not say so.
"""

from __future__ import annotations

from collections.abc import Sequence

OTHER = {
    "left": "right",
    "right": "left",
    "clockwise": "counterclockwise",
    "counterclockwise": "clockwise",
    "east": "west",
    "west": "east",
    "backward": "forward",
    "forward": "backward",
    "previous": "next",
    "next": "previous",
    "undo": "redo",
    "redo": "undo",
}
"""What a side is called in the mirror."""

READ = frozenset(
    "abc adobe alphabet amazon android apple bitcoin bluetooth brand capital captions case cc character clock code "
    "css currency dictionary dollar end english eur euro exit facebook flag font format formula function github "
    "gitlab google gps hd heading hour html instagram java javascript json kanji keyboard language letter license "
    "linkedin login logo logout lowercase markdown math microsoft money movies music node number numeric ok "
    "parking pdf percent percentage play pound prev price python question quote react rewind ruble rupee schedule sd "
    "sigma sign sim sort spellcheck sql start stop stopwatch sum svg text time timer title translate tv "
    "twitter type typography uppercase usb usd vimeo watch whatsapp wifi windows word xml yen youtube zip zodiac".split()
)
"""Words of drawings that are read, or that everybody knows one way round."""


def other_hand(words: Sequence[str]) -> tuple[str, ...] | None:
    """The words of the mirrored drawing; None when they say something that has no mirror image."""
    if any(word in READ or len(word) == 1 or not word.isalpha() for word in words):
        return None
    return tuple(OTHER.get(word, word) for word in words)
