from __future__ import annotations

import json
import os
import signal

import pytest

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch", reason="the train extra has torch")

from tests.train.walks import rows  # noqa: E402
from text2svg.errors import ConfigError  # noqa: E402
from text2svg.svg.tokenizer import load_tokenizer  # noqa: E402
from text2svg.train.dataset import DatasetOptions, build_shards, initial_embeddings  # noqa: E402
from text2svg.train.generator import Place  # noqa: E402
from text2svg.train.study import compared, load_plan, parse_plan, plan_names, run_study  # noqa: E402

PLACE = Place("cpu", torch.float32, False, 1, "a test")
RECIPE = {
    "name": "tiny", "width": 64, "layers": 2, "heads": 2, "ffn": 128, "context": 256, "step_tokens": 1024,
    "micro_tokens": 512, "pool_steps": 3, "warmup_tokens": 1024, "heldout_documents": 8, "heldout_every": 10**9,
    "log_every": 2,
}  # fmt: skip
PLAN = {
    "name": "test", "tokens": 6000, "mix": "color=1", "measure": ["color"], "recipe": RECIPE,
    "arm": [
        {"name": "base", "changes": "nothing"},
        {"name": "same"},
        {"name": "adamw", "set": {"muon_lr": 0.0}},
        {"name": "averaged", "set": {"ema": 0.5}},
        {"name": "drawn", "shards": "as-drawn", "warm": False, "decay": 0.0},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    tokenizer = load_tokenizer()
    folder = tmp_path_factory.mktemp("shards")
    for place, options in ((folder, DatasetOptions()), (folder / "as-drawn", DatasetOptions(ordered=False))):
        init = initial_embeddings(tokenizer, 64, None)
        build_shards(rows(tokenizer), place, tokenizer, lambda caption: caption.endswith("3"), options, init)
    return folder


def test_every_arm_spends_the_same_and_is_judged_by_the_same_drawings(shards, tmp_path) -> None:
    results = list(run_study(parse_plan(PLAN), shards, tmp_path, PLACE))
    assert [result.arm for result in results] == ["base", "same", "adamw", "averaged", "drawn"]
    assert all(6000 <= result.tokens < 7100 for result in results)
    base, same, adamw, averaged, drawn = (result.heldout["color"] for result in results)
    assert base == same
    assert len({base, adamw, averaged, drawn}) == 4
    lines = [json.loads(line) for line in (tmp_path / "base" / "log.jsonl").read_text().splitlines()]
    rates = [line["lr"] for line in lines if line["event"] == "train"]
    assert rates[-1] < 0.5 * max(rates)
    rows = compared(results, ["color"])
    assert rows[0][:4] == ("base", "nothing", f"{base:.3f}", "")
    assert rows[2][3] == f"{adamw - base:+.3f}"


def test_a_finished_study_trains_nothing_and_a_stopped_one_goes_on(shards, tmp_path) -> None:
    plan = parse_plan(PLAN | {"arm": PLAN["arm"][:2], "tokens": 9000})
    once = list(run_study(plan, shards, tmp_path / "once", PLACE))

    said = []

    def stop_in_the_second(line: str) -> None:
        said.append(line)
        if line.startswith("same:"):
            # Python runs the handler of a pending signal as soon as the trainer has set it.
            signal.setitimer(signal.ITIMER_REAL, 0.05)

    before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    kept = signal.signal(signal.SIGTERM, lambda *_: signal.setitimer(signal.ITIMER_REAL, 0.05))
    try:
        cut = list(run_study(plan, shards, tmp_path / "twice", PLACE, stop_in_the_second))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.signal(signal.SIGTERM, kept)
    assert len(cut) == 1
    assert "goes on" in said[-1]
    said.clear()
    again = list(run_study(plan, shards, tmp_path / "twice", PLACE, said.append))
    assert said == ["same: same"]
    assert [r.heldout for r in again] == [r.heldout for r in once]
    assert [r.seconds for r in again[:1]] == [r.seconds for r in cut]
    changed = parse_plan(PLAN | {"arm": PLAN["arm"][:2], "tokens": 9001})
    with pytest.raises(ConfigError, match="other settings"):
        list(run_study(changed, shards, tmp_path / "twice", PLACE))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"token": 5}, "unknown plan key token"),
        ({"tokens": 0}, "lacks tokens"),
        ({"tokens": -5}, "1 or more"),
        ({"measure": []}, "lacks measure"),
        ({"arm": PLAN["arm"][:1]}, "two arms"),
        ({"arm": [{"name": "a"}, {"name": "a"}]}, "another name"),
        ({"arm": [{"name": "a"}, {"name": "../b"}]}, "letters, digits"),
        ({"arm": [{"name": "a"}, {"name": "b", "set": {"widht": 3}}]}, "unknown recipe key widht"),
        ({"arm": [{"name": "a"}, {"name": "b", "decay": 2}]}, "decay"),
        ({"arm": [{"name": "a"}, {"name": "b", "mix": "stroke=x"}]}, "cannot read"),
    ],
)
def test_a_wrong_plan_is_refused(change, complaint) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse_plan(PLAN | change)


def test_the_shipped_plans_can_be_read(tmp_path) -> None:
    for name in plan_names():
        assert len(load_plan(name).arms) > 12
    with pytest.raises(ConfigError, match="unknown plan 'nothing'") as caught:
        load_plan("nothing")
    assert "outline" in caught.value.hint
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe[")
    with pytest.raises(ConfigError, match="not TOML"):
        load_plan(str(tmp_path / "bad.toml"))
