"""Drawings for the tests of the canonical form: random walks through the automaton, and a few by hand."""

from __future__ import annotations

import numpy as np

from text2svg.svg.grammar import automaton
from text2svg.svg.schema import HEADER

LUCIDE = (
    HEADER + '<g fill="none" stroke="#000" stroke-width="21" stroke-linecap="round" stroke-linejoin="round">'
    '<path d="M53 128H203"/><circle cx="128" cy="128" r="96"/></g></svg>'
)
FADED = (
    HEADER
    + '<g opacity=".5"><circle fill="#f00" cx="100" cy="128" r="60"/>'
    '<rect x="8" y="8" width="90" height="40" rx="9"/></g></svg>'
)
SHADED = (
    HEADER + '<linearGradient id="a" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="0" y2="256">'
    '<stop offset="0" stop-color="#fff" stop-opacity=".5"/><stop offset="1" stop-color="#03f"/></linearGradient>'
    '<path fill="url(#a)" fill-rule="evenodd" d="M10 10H90V90H10ZM30 30C30 60 40 70 60 70S80 60 80 30Q70 10 60 30'
    'T40 30A9 5 30,1,0 30 30"/></svg>'
)
SAMPLES = (LUCIDE, FADED, SHADED)


def walk(seed: int, budget: int) -> list[int]:
    """Ids of a random drawing that the grammar allows within `budget` tokens, eos included."""
    rules, random = automaton(), np.random.default_rng(seed)
    state, ids = rules.start, []
    while state % rules.states != rules.done:
        allowed = np.flatnonzero(rules.mask(state, budget - len(ids)))
        ids.append(int(random.choice(allowed)))
        state = rules.step(state, ids[-1])
    return ids
