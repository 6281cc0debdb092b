"""The one prompt format: control tokens and words, as the generator was trained on them.

Each candidate asks for another collection of its style, since a collection's look is the strongest variety the model
knows; without a style each candidate takes another style. Candidate `i` depends on `i` alone, so asking for more keeps
the first ones. Refuses collections that the tokenizer does not know. The trade-off: the rotation is a list by hand,
of collections with many short drawings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from text2svg.engine.base import Prompt
from text2svg.generate.references import Reference, ReferenceEncoder, prefix
from text2svg.generate.request import MAX_DETAIL, Request
from text2svg.generate.vocabulary import Reading

ROTATION = {
    "outline": ("tabler", "iconmind", "hugeicons", "lucide", "keyline-icons", "mingcute", "tdesign", "mynaui"),
    "filled": ("fluent", "mdi", "ic", "ri", "material-symbols", "mingcute", "ph", "boxicons"),
    "duotone": ("iconmind", "keyline-icons", "solar", "reicon", "ph", "ic", "lets-icons", "iconamoon"),
    "color": (
        "twemoji",
        "streamline-color",
        "fluent-emoji-flat",
        "icon-park",
        "noto",
        "streamline-sharp-color",
        "fluent-color",
        "emojione",
    ),
}
"""Collections by style, those with most short drawings first; in colour, emoji and icons by turns. What the tokenizer lacks
is passed over."""

DETAIL = {"outline": 2, "filled": 2, "duotone": 3, "color": 4}
"""Usual detail level of each style: the median drawing of its rotation."""

GUIDANCE = {"outline": 1.5, "filled": 2.5, "duotone": 2.0, "color": 2.0, "": 2.0}
"""Guidance that suits each style, chosen by eye: filled shapes need the words loudest, or they become plain discs."""


class PromptEncoder(ReferenceEncoder, Protocol):
    """What prompts need of a tokenizer."""

    pad_id: int


def style_and_turn(request: Request, candidate: int) -> tuple[str, int]:
    """A candidate's style, and its place in that style's rotation of collections.

    The style is the one asked for, else every style in turn: black ones take the colour that the words name.
    """
    if request.style:
        return request.style, candidate
    turn, place = divmod(candidate, len(ROTATION))
    return tuple(ROTATION)[place], turn


def collection_of(style: str, candidate: int, known: Sequence[str]) -> str:
    """The collection of one candidate, empty when the tokenizer knows none of the style's."""
    rotation = [name for name in ROTATION[style] if name in known]
    return rotation[candidate % len(rotation)] if rotation else ""


def build_prompts(request: Request, reading: Reading, tokenizer: PromptEncoder) -> list[Prompt]:
    """One prompt for each candidate; `text` is the words, for engines that take words."""
    words = " ".join(reading.words)
    prompts = []
    for candidate in range(request.n):
        style, turn = style_and_turn(request, candidate)
        control = {
            "style": style,
            "detail": _detail(request, DETAIL[style]),
            "collection": collection_of(style, turn, tokenizer.collections),
        }
        before = request.references[candidate % len(request.references)] if request.references else ()
        prompts.append(_behind(before, prompt_of(words, control, tokenizer), tokenizer))
    return prompts


def _behind(before: Sequence[Reference], prompt: Prompt, tokenizer: PromptEncoder) -> Prompt:
    """The prompt behind references; the blank one keeps them, since guidance is for the words."""
    if not before:
        return prompt
    ids = prefix(before, tokenizer)
    shown = tuple((one.words, one.svg) for one in before)
    return replace(prompt, ids=ids + prompt.ids, blank=ids + prompt.blank, examples=shown)


def _detail(request: Request, usual: int) -> int:
    """What was asked for, else the reference's level, at most one off the usual: plainer drawings lose their subject."""
    if request.detail is not None:
        return request.detail
    return min(max(request.manner.detail, usual - 1), usual + 1, MAX_DETAIL) if request.manner else usual


def prompt_of(words: str, control: Mapping[str, Any], tokenizer: PromptEncoder) -> Prompt:
    """A prompt under `style`, `detail` and `collection`, with the blank one that guidance needs."""
    ids, head = (tuple(tokenizer.encode_prompt(text, **control)) for text in (words, ""))
    return Prompt(words, ids=ids, blank=head + (tokenizer.pad_id,) * (len(ids) - len(head)))
