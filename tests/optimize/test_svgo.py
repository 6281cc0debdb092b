"""Stage 2: installation, the config and its Python mirror, crashes, timeouts, restarts and the announced fallback."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
from pathlib import Path

import pytest

from text2svg.errors import ConfigError, MissingDependency, OptimizeError
from text2svg.optimize import svgo, svgo_install, svgo_python
from text2svg.optimize.svgo import Svgo, SvgoOptions, project_config
from text2svg.optimize.svgo_install import PACKAGE, install, node

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><!-- c --><g><path d="M 4.00 4.00 L 20.00 4.00"'
    ' stroke="#ff0000" fill="none"/></g></svg>'
)
SMALL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="none" stroke="red" d="M4 4h16"/></svg>'


def test_optimizes_in_order_and_one_bad_text_fails_alone(svgo_cache: Path) -> None:
    with Svgo(SvgoOptions(cache=svgo_cache)) as worker:
        answers = worker.optimize([ICON, "<svg", ICON])
        assert worker.backend == "node" and worker.notice == ""
    assert answers[0] == answers[2] == SMALL
    assert isinstance(answers[1], OptimizeError)


def test_many_texts_and_no_texts(svgo_cache: Path) -> None:
    texts = [ICON.replace("20.00", str(number)) for number in range(5, 205)]
    with Svgo(SvgoOptions(cache=svgo_cache, recycle=70)) as worker:
        assert worker.optimize([]) == []
        answers = worker.optimize(texts)
    assert [f"h{number - 4}" in answer for number, answer in zip(range(5, 205), answers, strict=True)].count(False) == 0


def test_output_is_a_fixed_point(svgo_cache: Path) -> None:
    with Svgo(SvgoOptions(cache=svgo_cache)) as worker:
        assert worker.optimize([SMALL]) == [SMALL]


def _config(folder: Path, body: str) -> Path:
    path = folder / "custom.config.mjs"
    path.write_text(
        "export default { plugins: [{ name: 'x', fn: (root, params, info) => ({ element: { enter: (node) => {"
        f" if (node.attributes.id === 'bomb') {{ {body} }} }} }} }}) }}] }};",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("while (true);", "no answer in 1 s"),
        ("process.exit(3);", "died"),
        ("process.kill(process.pid, 'SIGKILL');", "died"),
        ("throw new Error('boom');", "boom"),
        ("const a = []; while (true) a.push(new Array(1e6).fill('x'));", ""),
    ],
    ids=["hang", "exit", "kill", "throw", "memory"],
)
def test_a_text_that_ruins_the_worker_costs_only_itself(
    body: str, message: str, svgo_cache: Path, tmp_path: Path
) -> None:
    bomb = ICON.replace("<g>", '<g id="bomb">')
    options = SvgoOptions(cache=svgo_cache, config=_config(tmp_path, body), timeout_s=1.0)
    with Svgo(options) as worker:
        answers = worker.optimize([ICON, bomb, ICON, bomb, ICON])
    assert [isinstance(answer, str) for answer in answers] == [True, False, True, False, True]
    assert message in str(answers[1])


def test_a_plugin_that_prints_does_not_break_the_protocol(svgo_cache: Path, tmp_path: Path) -> None:
    options = SvgoOptions(cache=svgo_cache, config=_config(tmp_path, "console.log('hello\\n{}');"))
    with Svgo(options) as worker:
        assert all(isinstance(a, str) for a in worker.optimize([ICON.replace("<g>", '<g id="bomb">'), ICON]))


def test_a_broken_or_absent_config_is_a_config_error(svgo_cache: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.config.mjs"
    broken.write_text("export default {", encoding="utf-8")
    for path in (broken, tmp_path / "absent.mjs"):
        with pytest.raises(ConfigError), Svgo(SvgoOptions(cache=svgo_cache, config=path)) as worker:
            worker.optimize([ICON])


def test_the_python_port_says_that_it_is_not_svgo() -> None:
    with Svgo(SvgoOptions(backend="python")) as worker:
        assert worker.optimize([ICON, "<svg"])[0] == SMALL
        assert worker.backend == "python"
        assert "svgo-py" in worker.notice


def test_without_npm_the_fallback_is_announced_and_node_alone_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def offline(cache: Path) -> Path:
        raise MissingDependency("svgo", hint=f"npm failed: no network for {cache.name}")

    monkeypatch.setattr(svgo, "install", offline)
    with Svgo(SvgoOptions(cache=tmp_path)) as worker:
        assert worker.optimize([ICON]) == [SMALL]
        assert "npm failed: no network" in worker.notice
    with pytest.raises(MissingDependency), Svgo(SvgoOptions(cache=tmp_path, backend="node")) as worker:
        worker.optimize([ICON])


def test_the_python_mirror_lists_the_plugins_of_the_config() -> None:
    script = (
        f"const m = await import({json.dumps(project_config().as_uri())});"
        "console.log(JSON.stringify(Object.fromEntries(Object.entries(m).map(([k, v]) => [k, v.plugins]))))"
    )
    done = subprocess.run(
        [str(node()), "--input-type=module", "-e", script], capture_output=True, text=True, check=True
    )
    ours = {
        variant: [
            {"name": plugin["name"]} if isinstance(plugin, dict) and "fn" in plugin else plugin
            for plugin in svgo_python.plugins(variant)
        ]
        for variant in svgo_python.VARIANTS
    }
    assert json.loads(done.stdout) == ours


def test_the_mirror_gives_the_same_text(svgo_cache: Path) -> None:
    traps = json.loads(Path(__file__).with_name("traps.json").read_text(encoding="utf-8"))
    texts = [trap["svg"] for trap in traps if trap["name"] != "css-var"]  # the port also shortens colours inside var()
    with Svgo(SvgoOptions(cache=svgo_cache)) as real, Svgo(SvgoOptions(backend="python")) as port:
        for variant in ("default", "flat1", "kept1"):
            assert real.optimize(texts, variant) == port.optimize(texts, variant)


def test_the_lock_pins_hashes_and_names_no_registry() -> None:
    lock = json.loads((PACKAGE / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages["node_modules/svgo"]["version"] == "4.1.0"
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())


def test_processes_may_install_at_once(svgo_cache: Path, tmp_path: Path) -> None:
    assert svgo_cache  # the registry answers
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        first, second = pool.map(install, [tmp_path / "cache"] * 2)
    assert first == second
    assert (first / "node_modules" / "svgo" / "package.json").is_file()
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [first.name]


def test_a_tampered_lock_installs_nothing(
    svgo_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert svgo_cache
    package = tmp_path / "package"
    package.mkdir()
    for name in ("package.json", "package-lock.json"):
        text = (PACKAGE / name).read_text(encoding="utf-8")
        (package / name).write_text(text.replace("sha512-", "sha512-AAAA"), encoding="utf-8")
    monkeypatch.setattr(svgo_install, "PACKAGE", package)
    with pytest.raises(MissingDependency):
        install(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_unwritable_cache_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    with pytest.raises(MissingDependency) as caught:
        install(blocked / "cache")
    assert str(blocked) in caught.value.hint
