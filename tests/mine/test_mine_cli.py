"""The commands, as a person types them, against a server of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from planted import Reply, page
from server import serving
from typer.testing import CliRunner

from admin.cli import app

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M1 {}"/></svg>'


def run(*words: str, code: int = 0, given: str = "") -> dict:
    found = CliRunner().invoke(app, ["mine", *words, "--json"], input=given)
    assert found.exit_code == code, found.output
    return json.loads(found.stdout)


def test_urls_and_retry(own_data: Path) -> None:
    with serving(1) as server:
        port = server.site.port
        site = f"http://127.0.0.1:{port}"
        server.extra.update({
            ("127.0.0.1", "/robots.txt"): Reply(b"User-agent: *\nDisallow: /no\n"),
            ("127.0.0.1", "/a"): Reply(page(SVG.format(1))),
            ("127.0.0.1", "/ill"): Reply(status=500),
        })  # fmt: skip
        local = ["--allow-network", "127.0.0.1/32", "--allow-port", str(port), "--host-delay", "0", "--timeout", "5"]
        found = run("urls", "-", *local, "--retries", "0", given=f"{site}/a\n{site}/no\n{site}/ill\n{site}/gone\n")
        others = ("dropped:page", "dropped:robots", "failed:http-5xx", "dropped:http-4xx")
        assert found["reasons"] == {"ok": 1, **dict.fromkeys(others, 1)}
        assert (found["urls"], found["ok"], found["interrupted"]) == (4, 1, False)
        server.extra["127.0.0.1", "/ill"] = Reply(page(SVG.format(2)))
        again = run("retry", *local)
        assert (again["urls"], again["ok"]) == (1, 1)
        assert run("retry", *local)["urls"] == 0
        shut = run("urls", f"{site}/a", "--allow-port", str(port), "--retries", "0")
        assert shut["reasons"] == {"dropped:private-address": 1}


def test_folder_and_the_table(own_data: Path, tmp_path: Path) -> None:
    (tmp_path / "red-heart.svg").write_text(SVG.format(3))
    (tmp_path / "bad.svg").write_text("<svg>")
    found = run("folder", str(tmp_path), "--licence", "CC0-1.0", "--collection", "mine")
    assert found["reasons"] == {"ok": 1, "dropped:not-well-formed": 1}
    shown = CliRunner().invoke(app, ["mine", "folder", str(tmp_path), "--licence", "CC0-1.0", "--collection", "mine"])
    assert "dropped:not-well-formed" in shown.stdout
    wrong = CliRunner().invoke(app, ["mine", "folder", str(tmp_path), "--licence", "Free"])
    assert wrong.exit_code == 1 and "not a known SPDX licence" in wrong.stderr


@pytest.mark.train
def test_dataset(own_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("datasets", reason="needs the train extra")
    lines = [json.dumps({"svg": SVG.format(n), "text": f"Drawing {n}"}) for n in range(3)]
    (tmp_path / "train.jsonl").write_text("\n".join(lines))
    more = ("--svg-column", "svg", "--caption-column", "text", "--licence", "MIT")
    assert run("dataset", "--dataset", str(tmp_path), *more)["ok"] == 3
    assert run("dataset", str(tmp_path), *more)["reused"] == 1


def test_ctrl_c_keeps_what_is_there(own_data: Path) -> None:
    with serving(1) as server:
        port = server.site.port
        server.extra.update({
            ("127.0.0.1", "/robots.txt"): Reply(b"", 404),
            ("127.0.0.1", "/.well-known/tdmrep.json"): Reply(b"", 404),
            **{("127.0.0.1", f"/a{n}"): Reply(page(SVG.format(n))) for n in range(100)},
        })  # fmt: skip
        urls = [f"http://127.0.0.1:{port}/a{n}" for n in range(100)]
        command = [sys.executable, "-m", "admin", "mine", "urls", "-", "--json", "--debug", "--host-delay", "0.05"]
        command += ["--allow-network", "127.0.0.1/32", "--allow-port", str(port), "--timeout", "20"]
        env = {**os.environ, "TEXT2SVG_DATA": str(own_data)}
        root = Path(__file__).resolve().parents[2]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, env=env, cwd=root, text=True, **pipes) as process:
            process.stdin.write("\n".join(urls))
            process.stdin.close()
            for _ in range(10):
                assert "1 drawings" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            answer = json.loads(process.stdout.read())
            assert process.wait(30) == 1
        assert answer["interrupted"] and 0 < answer["ok"] < 100
        local = ["--allow-network", "127.0.0.1/32", "--allow-port", str(port), "--host-delay", "0", "--timeout", "20"]
        rest = run("urls", "-", *local, given="\n".join(urls))
        assert rest["urls"] == rest["ok"] == 100
