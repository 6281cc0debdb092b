"""The token automaton as Lark text over token ids, for servers whose model speaks our tokens.

The grammar of `svg/lark.py` constrains bytes, so a model may spell 136 as `1`, `36`, which it never does in training;
this one allows exactly the ids that the automaton of the embedded engine allows, and a greedy answer is the same text.
llguidance reads it (vLLM's `guidance` backend). Refuses tokenizers whose ids are others. The trade-off: no budget and no
order of gradients, which only the automaton knows; 31 kB travel with every request.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from text2svg.errors import ConfigError
from text2svg.svg.grammar import automaton
from text2svg.svg.vocabulary import drawing_tokens


@lru_cache(maxsize=1)
def token_lark() -> str:
    """One rule a state, each alternative a set of ids and the state that follows; the end token is the server's own."""
    machine = automaton()
    ending = set(np.flatnonzero(machine.table[:, machine.eos_id] >= 0).tolist())
    rules = [f"start: s{machine.start}"]
    for state, row in enumerate(machine.table):
        choices = []
        for target in np.unique(row[row >= 0]).tolist():
            if target != machine.done:
                after = "" if target in ending else f" s{target}"
                choices.append(_ids(np.flatnonzero(row == target).tolist()) + after)
        if choices:
            rules.append(f"s{state}: " + " | ".join(choices))
    return "\n".join(rules) + "\n"


def _ids(tokens: list[int]) -> str:
    """`<[3,7-9]>` for ascending ids."""
    runs: list[list[int]] = []
    for token in tokens:
        if runs and token == runs[-1][1] + 1:
            runs[-1][1] = token
        else:
            runs.append([token, token])
    return "<[" + ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs) + "]>"


def speaks_drawing_tokens(folder: Path) -> bool:
    """Whether a model folder's first ids are the automaton's. Raises ConfigError for a tokenizer.json of another form."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        return False
    try:
        vocabulary = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is no tokenizer: {error}", hint="export the model again") from error
    if not isinstance(vocabulary, dict):
        return False
    ours = [text.replace(" ", "Ġ") for text in drawing_tokens()]
    return all(vocabulary.get(text) == place for place, text in enumerate(ours))
