"""Runs a Dockerfile's steps one by one where there is no Docker: `python tests/webapp/fresh_root.py Dockerfile WORK`.

Every `FROM` becomes a copy of a fresh Debian made by debootstrap with its own Python, every `RUN` a chroot as the user that
the Dockerfile names, `COPY` a copy; then the last `CMD` is started and its `HEALTHCHECK` asked until it agrees. Needs root
and debootstrap. Stands in for the engine only: the base is Debian's Python instead of the python image, there is no network
namespace, and ports are the machine's. `--carry FILE` copies the machine's own registry settings and certificates inside.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

BASE_PACKAGES = "python3,python3-venv,ca-certificates"
HEALTHY_S = 180


def instructions(path: Path) -> Iterator[tuple[str, str]]:
    """Name and arguments of each instruction, lines joined, comments dropped."""
    lines = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    for whole in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        name, _, rest = whole.strip().partition(" ")
        yield name.upper(), rest.strip()


@dataclass
class Stage:
    """One root as it grows."""

    root: Path
    variables: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"})
    user: str = "root"
    folder: str = "/"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def chroot(self, command: list[str]) -> list[str]:
        """The command line that runs something inside."""
        given = [f"{name}={value}" for name, value in self.variables.items()]
        inside = f"cd {shlex.quote(self.folder)} && exec {shlex.join(command)}"
        return ["chroot", f"--userspec={self.user}", str(self.root), "/usr/bin/env", "-i", *given, "sh", "-c", inside]

    def put(self, source: Path, target: str, owner: str) -> None:
        """Copies as COPY does: a folder's contents into a folder, a file into or as the target."""
        place = self.root / self.inside(target).lstrip("/")
        if source.is_dir():
            shutil.copytree(
                source, place, dirs_exist_ok=True, symlinks=True, ignore=shutil.ignore_patterns(".git", "__pycache__")
            )
        else:
            place = place / source.name if target.endswith(("/", ".")) else place
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
        if owner:
            subprocess.run(
                ["chroot", str(self.root), "chown", "-R", f"{owner}:{owner}", "/" + str(place.relative_to(self.root))],
                check=True,
            )

    def inside(self, path: str) -> str:
        """An absolute path inside the root."""
        return (
            path
            if path.startswith("/")
            else os.path.normpath(f"{self.folder}/{path}") + ("/" if path.endswith("/") else "")
        )


def base(work: Path, carried: list[Path]) -> Path:
    """A fresh Debian, made once a work folder."""
    root = work / "base"
    if not (root / "usr/bin/python3").exists():
        codename = re.search(r"VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(encoding="utf-8"))
        mirror = next(iter(re.findall(r"(?:^URIs: |^deb (?:\[.*?\] )?)(\S+)", _sources(), re.MULTILINE)), "")
        options = ["--variant=minbase", f"--include={BASE_PACKAGES}"]
        subprocess.run(["debootstrap", *options, codename[1] if codename else "stable", str(root), mirror], check=True)
        (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    for path in carried:
        place = root / str(path).lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        # Links stay links: certificate folders are full of them, and some point nowhere.
        subprocess.run(["cp", "-a", "--remove-destination", str(path), str(place.parent)], check=True)
    return root


def _sources() -> str:
    places = [*Path("/etc/apt/sources.list.d").glob("*.sources"), *Path("/etc/apt/sources.list.d").glob("*.list")]
    main = Path("/etc/apt/sources.list")
    return "\n".join(path.read_text(encoding="utf-8") for path in [*places, *([main] if main.exists() else [])])


def build(dockerfile: Path, context: Path, work: Path, passed: dict[str, str], fresh: Path) -> Stage:
    """Every step up to the last; says how long each took."""
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for name, rest in instructions(dockerfile):
        began = time.monotonic()
        print(f"== {name} {rest[:110]}", flush=True)
        if name == "FROM":
            words = rest.split()
            label = words[2] if len(words) > 2 else f"stage{len(stages)}"
            root = work / label
            shutil.rmtree(root, ignore_errors=True)
            subprocess.run(["cp", "-a", "--reflink=auto", str(fresh), str(root)], check=True)
            for device in ("null", "urandom"):
                if not (root / "dev" / device).exists():
                    subprocess.run(["cp", "-a", f"/dev/{device}", str(root / "dev")], check=True)
            (root / "tmp").chmod(0o1777)
            stage = stages[label] = Stage(root)
            stage.variables |= passed
        else:
            assert stage is not None, "no FROM"
            _step(stage, name, rest, (stages, context))
        print(f"   {time.monotonic() - began:.1f} s", flush=True)
    assert stage is not None
    return stage


def _step(stage: Stage, name: str, rest: str, around: tuple[dict[str, Stage], Path]) -> None:
    stages, context = around
    if name == "RUN":
        subprocess.run(stage.chroot(["sh", "-c", rest]), check=True)
    elif name == "ENV":
        for part in shlex.split(rest):
            key, _, value = part.partition("=")
            stage.variables[key] = re.sub(r"\$(\w+)", lambda m: stage.variables.get(m[1], ""), value)
    elif name == "WORKDIR":
        stage.folder = rest
        # As the engine does: made by root, whoever the user is.
        (stage.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
    elif name == "USER":
        uid = subprocess.run(
            ["chroot", str(stage.root), "id", "-u", rest], check=True, capture_output=True, text=True
        ).stdout.strip()
        gid = subprocess.run(
            ["chroot", str(stage.root), "id", "-g", rest], check=True, capture_output=True, text=True
        ).stdout.strip()
        stage.user = f"{uid}:{gid}"
    elif name == "COPY":
        words = shlex.split(rest)
        flags = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
        *sources, target = [word for word in words if not word.startswith("--")]
        start = stages[flags["from"]].root if "from" in flags else context
        for source in sources:
            stage.put(start / source.lstrip("/"), target, flags.get("chown", ""))
    elif name in ("CMD", "HEALTHCHECK"):
        found = json.loads(rest[rest.index("[") :])
        stage.command, stage.health = (found, stage.health) if name == "CMD" else (stage.command, found)
    elif name not in ("EXPOSE", "STOPSIGNAL", "LABEL"):
        raise SystemExit(f"{name} is not known here")


@contextlib.contextmanager
def mounted(stage: Stage) -> Iterator[None]:
    """With the root's own view of the processes, as an engine gives it: ONNX Runtime opens its weights through it."""
    place = stage.root / "proc"
    subprocess.run(["mount", "-t", "proc", "proc", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def answers(stage: Stage) -> bool:
    """Starts the command and asks its health, or the port, until it is well."""
    ask = "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/readyz', timeout=4)"
    health = stage.health or ["python", "-c", ask]
    began = time.monotonic()
    process = subprocess.Popen(stage.chroot(stage.command))
    try:
        while time.monotonic() - began < HEALTHY_S and process.poll() is None:
            if subprocess.run(stage.chroot(health), capture_output=True, check=False).returncode == 0:
                print(f"== well after {time.monotonic() - began:.1f} s, as user {stage.user}", flush=True)
                return True
            time.sleep(0.5)
        return False
    finally:
        process.terminate()
        print(f"== ended with {process.wait(60)}", flush=True)


def main() -> int:
    """0 when every step ran and the app said it is ready."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dockerfile", type=Path)
    parser.add_argument("work", type=Path, help="folder for the roots, outside the checkout")
    parser.add_argument(
        "--carry", type=Path, action="append", default=[], help="file or folder of this machine to copy inside"
    )
    parser.add_argument("--env", action="append", default=[], help="name of a variable of this machine to set inside")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    work, context = given.work.resolve(), given.dockerfile.resolve().parent
    passed = {name: os.environ[name] for name in given.env if name in os.environ}
    stage = build(given.dockerfile, context, work, passed, base(work, given.carry))
    with mounted(stage):
        return 0 if answers(stage) else 1


if __name__ == "__main__":
    sys.exit(main())
