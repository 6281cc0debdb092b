"""Spaces as folders: complete, small enough to push, and starting with their own command."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

import pytest

from admin.deploy.before_after import compared
from admin.deploy.pictures import Card, picture
from admin.deploy.space import KINDS, PACKAGES, Space, requirements, write
from tests.webapp.hub import hub
from text2svg.errors import ConfigError
from text2svg.optimize import OptimizeOptions, open_tools, optimize

DEPLOY = Path(__file__).resolve().parents[2] / "admin" / "deploy"


@pytest.fixture(scope="module", params=KINDS)
def space(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    out = tmp_path_factory.mktemp("space") / request.param
    write(Space(request.param, "My icons", "/data/store"), out)
    return request.param, out


def test_a_space_is_whole(space: tuple[str, Path]) -> None:
    kind, out = space
    for name in PACKAGES:
        assert (out / name / "__init__.py").is_file()
    assert (out / "text2svg" / "assets" / "svgo.config.mjs").is_file()
    assert (out / "text2svg" / "assets" / "generator" / "model.safetensors").is_file()
    assert list(out.rglob("__pycache__")) == []
    assert sum(path.stat().st_size for path in out.rglob("*")) < 200e6
    matter = (out / "README.md").read_text(encoding="utf-8").split("---")[1]
    fields = dict(line.split(": ", 1) for line in matter.strip().splitlines())
    assert fields["sdk"] == ("docker" if kind == "docker" else "gradio")
    assert fields["title"] == '"My icons"'
    assert len(fields["short_description"]) <= 60
    lines = (out / "requirements.txt").read_text().split()
    assert ("torch>=2.8,<2.12" in lines) == (kind == "zerogpu")
    start = (out / ("Dockerfile" if kind == "docker" else "app.py")).read_text(encoding="utf-8")
    assert "/data/store" in start
    assert not re.search(r"@[A-Z]+@", start)
    if kind == "zerogpu":
        compile(start, "app.py", "exec")
        return
    for line in ("useradd --create-home --uid 1000 user", "USER user", "EXPOSE 7860", "libcairo2"):
        assert line in start


@pytest.mark.slow
def test_a_space_starts_with_its_own_command(space: tuple[str, Path], tmp_path: Path) -> None:
    kind, out = space
    if kind == "zerogpu":
        pytest.importorskip("transformers", reason="the train extra is not installed")
        # ZeroGPU's own package is a decorator where there is no such GPU.
        (tmp_path / "spaces.py").write_text(
            "def GPU(function=None, duration=60):\n    return function or (lambda f: f)\n"
        )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = ["-m", "admin", "serve", "--host", "127.0.0.1", "--port", str(port)]
    command = [sys.executable, *(serve if kind == "docker" else ["app.py"])]
    environment = {
        **os.environ,
        "PORT": str(port),
        "PYTHONPATH": str(tmp_path),
        "TEXT2SVG_DATA": str(tmp_path / "none"),
    }
    with (tmp_path / "log.txt").open("wb") as sink:
        process = subprocess.Popen(command, cwd=out, env=environment, stdout=sink, stderr=subprocess.STDOUT)
    try:
        body = b'{"prompt": "red heart", "n": 1}'
        address = f"http://127.0.0.1:{port}/api/v1/generate"
        asked = urllib.request.Request(address, body, {"content-type": "application/json"})
        deadline = time.monotonic() + 120
        while True:
            assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "log.txt").read_text()
            try:
                with urllib.request.urlopen(asked, timeout=60) as answer:
                    assert b'"state":"done"' in answer.read()
                break
            except OSError:
                time.sleep(0.5)
    finally:
        process.terminate()
        process.wait(60)


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(ConfigError, match="not empty"):
        write(Space("docker"), tmp_path / "full")
    for bad in (("swarm", "a"), ("docker", 'a "b"')):
        with pytest.raises(ConfigError):
            Space(*bad)


def test_requirements_are_the_base_install() -> None:
    lines = requirements(without=frozenset(["gradio"]))
    assert not [line for line in lines if line.startswith(("gradio", "torch", "pytest"))]
    assert any(line.startswith("typer") for line in lines)


def test_the_compose_file_keeps_vllm_inside() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    services = yaml.safe_load(text)["services"]
    assert services["vllm"]["networks"] == ["inside"]
    assert "ports" not in services["vllm"]
    assert "openai:http://vllm:8000/v1?model=text2svg" in services["app"]["environment"]["TEXT2SVG_ENGINE"]
    assert "--served-model-name=text2svg" in services["vllm"]["command"]


def _push(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "admin", "deploy", "space", "--kind", "docker", str(folder), "--push", "me/icons"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    home = {"HF_HOME": str(folder.parent / "hf"), "HF_HUB_DISABLE_XET": "1"}
    env = {**kept, **home, **environment}
    return subprocess.run(
        command, cwd=DEPLOY.parents[1], env=env, capture_output=True, text=True, timeout=300, check=False
    )


def test_a_space_is_pushed_with_a_token_and_not_without(tmp_path: Path) -> None:
    alone = _push(tmp_path / "alone")
    assert (alone.returncode, "there is no token" in alone.stderr) == (1, True)
    with hub("hf_right") as host:
        wrong = _push(tmp_path / "wrong", HF_ENDPOINT=host.address, HF_TOKEN="hf_wrong")
        assert (wrong.returncode, host.repos) == (1, {})
        assert "right to write" in wrong.stderr
        assert "Traceback" not in wrong.stderr
        right = _push(tmp_path / "right", HF_ENDPOINT=host.address, HF_TOKEN="hf_right")
        assert right.returncode == 0, right.stderr
        assert right.stdout.strip().endswith("/commit/1")
    assert host.repos["me/icons"]["sdk"] == "docker"
    local = {p.relative_to(tmp_path / "right").as_posix(): p for p in (tmp_path / "right").rglob("*") if p.is_file()}
    assert host.files.keys() == local.keys()
    assert all(host.files[name] == path.read_bytes() for name, path in local.items())
    assert host.deleted == ["old.py"]
    gone = _push(tmp_path / "gone", HF_ENDPOINT="http://127.0.0.1:9", HF_TOKEN="hf_right")
    assert (gone.returncode, "cannot be reached" in gone.stderr) == (1, True)


def test_the_readmes_picture_moves_and_says_what_it_shows() -> None:
    dot = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256"><circle r="{}"/></svg>'
    grown = Card(
        "a <very> long wish that takes more than one line", "filled, seed 1", tuple(dot.format(n) for n in (1, 2, 3))
    )
    text = picture([grown], [Card("still", "from A (MIT)", (dot.format(9),)), Card("nothing", "", ())])
    root = ElementTree.fromstring(text)
    names = {"s": "http://www.w3.org/2000/svg"}
    said = " ".join(node.text or "" for node in root.iterfind(".//s:text", names))
    for part in ("a <very> long wish that", "filled, seed 1", "from A (MIT)", "nothing"):
        assert part in said
    moving = [node.get("class", "") for node in root.iterfind("s:g", names)]
    assert [name.split()[0] for name in moving if name] == ["f"] * 3
    assert sum(name.endswith(" l") for name in moving) == 1, "who wants no motion sees the last frame"
    assert moving.count("") == 1
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_before_and_after_show_the_whole_text(tmp_path: Path) -> None:
    raw = (DEPLOY.parents[1] / ".github" / "power.svg").read_text(encoding="utf-8")
    with open_tools() as tools:
        result = optimize(raw, OptimizeOptions(), tools)
    text = compared(raw, result)
    said = "".join(
        node.text or "" for node in ElementTree.fromstring(text).iterfind(".//{http://www.w3.org/2000/svg}text")
    )
    assert f"Before: {len(raw.encode())} bytes" in said
    assert f"After: {result.bytes} bytes" in said
    for whole in (raw, result.text):
        assert re.sub(r"\s", "", whole) in re.sub(r"\s", "", said)
    with pytest.raises(ConfigError, match="characters"):
        compared(raw + " " * 4000, result)
