"""The page of a model folder, README.md as the Hugging Face hub reads it, made from its card.json alone.

Refuses folders without a card. The trade-off: it states what the card states, so a figure nobody recorded is not on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from text2svg.errors import EngineError

USES = {
    "generator": '`text2svg generate "red heart" --engine embedded:FOLDER`, or any server that loads {architecture}.',
    "finetuned": "`python -m vllm.entrypoints.openai.api_server --model FOLDER`, then `--engine openai:URL?instruct=tuned`.",
}


def read_card(folder: Path) -> dict[str, Any]:
    """A folder's card.json. Raises EngineError."""
    path = folder / "card.json"
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f"no model card at {path}: {error}", hint="text2svg model export RUN -o FOLDER") from error
    if not isinstance(card, dict) or not isinstance(card.get("kind"), str):
        raise EngineError(f"{path} is no model card: it names no kind", hint="text2svg model export RUN -o FOLDER")
    return card


def card_page(card: Mapping[str, Any], size: int) -> str:
    """Markdown with the hub's front matter; `size` is the folder's in bytes."""
    kind, recipe = card["kind"], card.get("recipe") or {}
    name = recipe.get("name", kind)
    head = {
        "license": "apache-2.0",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": "[svg, text-to-svg]",
    }
    if card.get("base"):
        head["base_model"] = card["base"]
    lines = ["---", *(f"{key}: {value}" for key, value in head.items()), "---", "", f"# {name}", ""]
    lines += [f"A {kind} of canonical SVG, {size / 1e6:.1f} MB. " + USES.get(kind, "").format(**_plain(card)), ""]
    lines += _table("What it is", {k: v for k, v in card.items() if isinstance(v, str | int | float) and v != ""})
    losses = card.get("heldout")
    if isinstance(losses, Mapping):
        lines += _table("Held-out loss, nats a token", losses)
    lines += _table("Recipe", recipe)
    lines += _table("Sources", card.get("sources") or {})
    return "\n".join(lines).rstrip() + "\n"


def _plain(card: Mapping[str, Any]) -> dict[str, str]:
    return {"architecture": str(card.get("architecture", "its architecture"))}


def _table(title: str, values: Mapping[str, Any]) -> list[str]:
    if not values:
        return []
    rows = [f"| {key} | {_cell(value)} |" for key, value in values.items()]
    return [f"## {title}", "", "| | |", "|---|---|", *rows, ""]


def _cell(value: Any) -> str:  # noqa: ANN401 - cards hold plain values
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value).replace("|", "\\|")
