"""The card of an exported encoder: what it was trained on, what it reaches, what the baseline reaches beside it.

Writes `README.md` and the `metrics` of config.json. Refuses to print a number without its baseline. The trade-off: the
card is made from config.json alone, so it can be made again without the run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from text2svg.errors import TrainError
from text2svg.train.encoder_eval import Retrieval

TASKS = {
    "caption": "caption to drawing",
    "tags": "two tags to drawing",
    "sister": "drawing to drawing of another set",
}
Metrics = Mapping[str, Mapping[str, Retrieval]]
"""Encoder name to task to figures."""


def write_card(folder: Path, metrics: Metrics) -> Path:
    """Record `metrics` (the model's own name and `hashed` at least) and write README.md; returns its path."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    missing = {config["name"], "hashed"} - set(metrics)
    if missing:
        raise TrainError(f"no figures of {sorted(missing)}", hint="evaluate model and baseline")
    config["metrics"] = {
        name: {task: _rounded(found) for task, found in tasks.items()} for name, tasks in metrics.items()
    }
    path.write_text(json.dumps(config, indent=1, ensure_ascii=False), encoding="utf-8")
    facts = "\n".join(f"- {name}: {value}" for name, value in config["facts"].items())
    size = sum(one.stat().st_size for one in folder.iterdir() if one.name != "README.md")
    shape, recipe = config["recipe"]["shape"], config["recipe"]
    text = f"""# {config["name"]}

Two towers, {config["dim"]} dimensions, {size / 1e6:.1f} MB: words through a bag of int8 word vectors, drawings
through a residual net over a {config["size"]} px render ({shape["channels"]} channels). `load("onnx:FOLDER")`.

Trained for {recipe["steps"]} steps of {recipe["batch"]} pairs, seed {recipe["seed"]}.
{facts}

Held-out captions, one drawing each; a query has one right answer:

{_table(metrics)}
Limits: word order is lost; a negation is a word like any other; drawings are seen at {config["size"]} px;
a name no corpus row carries is understood only as far as the teacher's word vectors reach.
"""
    card = folder / "README.md"
    card.write_text(text, encoding="utf-8")
    return card


def _rounded(found: Retrieval) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(found).items()}


def _table(metrics: Metrics) -> str:
    lines = [
        "| encoder | task | queries / candidates | R@1 | R@10 (95 %) | MRR |",
        "|---" * 6 + "|",
    ]
    for name, tasks in metrics.items():
        for task, found in tasks.items():
            interval = f"{found.recall_10:.3f} ({found.low_10:.3f}-{found.high_10:.3f})"
            sizes = f"{found.queries} / {found.candidates}"
            cells = (
                name,
                TASKS[task],
                sizes,
                f"{found.recall_1:.3f}",
                interval,
                f"{found.mrr:.3f}",
            )
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
