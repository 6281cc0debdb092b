from __future__ import annotations

import json
import math
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch", reason="the train extra has torch")

from text2svg.errors import TrainError  # noqa: E402
from text2svg.train.batches import Augment, Data, Sampler, heldout_batches  # noqa: E402
from text2svg.train.checkpoint import list_checkpoints, load_checkpoint  # noqa: E402
from text2svg.train.model import Model, Shape, init_weights  # noqa: E402
from text2svg.train.optim import orthogonalize  # noqa: E402
from text2svg.train.recipe import load_recipe  # noqa: E402
from text2svg.train.references import Families  # noqa: E402
from text2svg.train.shards import Document, Meta, write_group, write_meta  # noqa: E402
from text2svg.train.trainer import Place, Start, Trainer  # noqa: E402

PLACE = Place("cpu", torch.float32, False, 1, "a test")
VOCAB, SVG, HEADER, EOS = 200, 60, 5, 2
TINY = load_recipe("icons-tiny")


def _documents(count: int, longest: int, seed: int):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        word = int(rng.integers(100, 200))
        body = (word + np.arange(int(rng.integers(3, longest)))) % 50 + 6
        prompts = [[1, 70, word, word - 1], [1, word]]
        yield Document([HEADER, *body.tolist(), EOS], prompts)


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    for seed, (group, longest) in enumerate((("stroke", 40), ("solid", 90))):
        write_group(folder, group, "train", _documents(300, longest, seed))
        write_group(folder, group, "heldout", _documents(30, longest, seed + 9))
    control = np.arange(VOCAB) == 70
    write_meta(folder, Meta(VOCAB, SVG, 1, EOS, 0), np.arange(VOCAB) >= 100, control)
    return folder


def _sampler(shards: Path, mix: dict[str, float], **changes) -> Sampler:
    options = {"seed": 1, "context": 256, "step_tokens": 1024, "micro_tokens": 512, "pool_steps": 3}
    return Sampler(Data(shards, list(mix), "train"), mix, **options | changes)


def _trainer(shards: Path, out: Path, mix: dict[str, float], **start) -> Trainer:
    trainer = Trainer(TINY, (shards, mix), out, PLACE)
    trainer.begin(Start(**start))
    return trainer


def test_targets_are_the_drawing_and_padding_is_never_one(shards) -> None:
    sampler = _sampler(shards, {"stroke": 1.0})
    for batch in sampler.next_step():
        flat = np.concatenate((batch.ids.ravel()[1:], [0]))
        inside = batch.targets != EOS
        assert np.array_equal(flat[batch.rows][inside], batch.targets[inside])
        assert (batch.targets < SVG).all()
        assert (batch.targets == HEADER).sum() == (batch.targets == EOS).sum() == len(batch.ids)
        assert batch.ids.shape[1] % 8 == 0


def test_an_epoch_shows_every_document_once(shards) -> None:
    still = Augment(0, 0, 0, 0, 0)
    sampler = _sampler(shards, {"stroke": 1.0}, augment=still)
    rows = [sampler._next_row(sampler.data.groups[0], sampler.cursor["stroke"]) for _ in range(600)]
    assert sorted(rows[:300]) == sorted(rows[300:]) == list(range(300))
    assert rows[:300] != rows[300:]


def test_tokens_follow_the_mix_and_a_new_mix_starts_its_own_count(shards) -> None:
    sampler = _sampler(shards, {"stroke": 1.0, "solid": 3.0})
    for _ in range(30):
        sampler.next_step()
    seen = {name: cursor["tokens"] for name, cursor in sampler.cursor.items()}
    assert abs(seen["solid"] / sum(seen.values()) - 0.75) < 0.01
    wider = _sampler(shards, {"stroke": 1.0, "solid": 1.0})
    wider.restore(sampler.state())
    assert wider.cursor["solid"]["seen"] > wider.cursor["solid"]["tokens"] == 0
    assert wider.cursor["solid"]["position"] == sampler.state()["pool"]["cursor"]["solid"]["position"]


def test_a_restored_sampler_continues_inside_its_pool(shards) -> None:
    one = _sampler(shards, {"stroke": 1.0, "solid": 1.0})
    for _ in range(4):
        one.next_step()
    two = _sampler(shards, {"stroke": 1.0, "solid": 1.0})
    two.restore(json.loads(json.dumps(one.state())))
    for _ in range(5):
        for a, b in zip(one.next_step(), two.next_step(), strict=True):
            assert np.array_equal(a.ids, b.ids)


def test_a_group_that_fits_no_context_is_refused(shards) -> None:
    with pytest.raises(TrainError, match="context of 6"):
        _sampler(shards, {"stroke": 1.0}, context=6)


def test_the_heldout_choice_does_not_depend_on_the_mix(shards) -> None:
    alone = heldout_batches(Data(shards, ["stroke"], "heldout"), 256, 8, 512)
    beside = heldout_batches(Data(shards, ["solid", "stroke"], "heldout"), 256, 8, 512)
    own = sum((batch.targets[batch.groups == 0].sum() for batch in alone), 0)
    assert own == sum(batch.targets[batch.groups == 1].sum() for batch in beside)


def test_a_padded_document_costs_what_it_costs_alone() -> None:
    shape = Shape(VOCAB, SVG, 64, 2, 2, 128)
    weights = init_weights(shape, 3, 0.5)
    for name, value in weights.items():
        if value.ndim == 2 and not value.any():
            weights[name] = torch.randn(value.shape, generator=torch.Generator().manual_seed(7)) * 0.2
    model = Model(shape, weights, torch.float32, False)
    ids, targets = torch.randint(0, VOCAB, (1, 9)), torch.randint(0, SVG, (4,))
    alone = model.losses(ids, torch.arange(5, 9), targets)
    wide = torch.zeros(2, 16, dtype=torch.long)
    wide[1, :9] = ids
    assert torch.allclose(model.losses(wide, torch.arange(21, 25), targets), alone, atol=1e-5)


def test_the_softmax_counts_the_ids_the_head_has_no_rows_for() -> None:
    shape = Shape(VOCAB, SVG, 64, 1, 2, 128)
    model = Model(shape, init_weights(shape, 1, 0.5), torch.float32, False)
    loss = model.losses(torch.zeros(1, 4, dtype=torch.long), torch.arange(4), torch.arange(4))
    assert torch.allclose(loss, torch.full((4,), math.log(VOCAB)), atol=1e-5)


def test_written_out_attention_has_the_gradients_of_sdpa() -> None:
    from text2svg.train.model import _attend

    rng = torch.Generator().manual_seed(0)
    q, k, v, grad = (torch.randn(2, 3, 11, 8, generator=rng, dtype=torch.float64) for _ in range(4))
    answers = []
    for function in (_attend, lambda *a: torch.nn.functional.scaled_dot_product_attention(*a, is_causal=True, scale=1)):
        parts = [part.clone().requires_grad_() for part in (q, k, v)]
        out = function(*parts)
        out.backward(grad)
        answers.append([out.detach(), *(part.grad for part in parts)])
    for ours, theirs in zip(*answers, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)  # the softmax itself runs in float32


def test_orthogonalizing_brings_singular_values_near_one() -> None:
    matrices = torch.randn(3, 32, 80, generator=torch.Generator().manual_seed(0)).bfloat16()
    values = torch.linalg.svdvals(orthogonalize(matrices).float())
    assert 0.6 < float(values.min()) and float(values.max()) < 1.3


def test_training_learns_and_draws_its_losses(shards, tmp_path) -> None:
    trainer = _trainer(shards, tmp_path, {"stroke": 1.0, "solid": 1.0})
    trainer.run(40_000)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if line["event"] == "train"]
    assert losses[-1] < losses[0] - 1
    assert set(lines[-1]["heldout"]) == {"stroke", "solid"}
    assert (tmp_path / "loss.svg").read_text().count("<polyline") == 4
    assert len(list_checkpoints(tmp_path)) == 1


def test_a_signal_saves_and_returns(shards, tmp_path, monkeypatch) -> None:
    from text2svg.train.generator import train

    before = signal.getsignal(signal.SIGTERM)
    ticks = iter(range(10**6))
    original = Trainer.step

    def step(self):
        if next(ticks) == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(self)

    monkeypatch.setattr(Trainer, "step", step)
    progress = train(TINY, shards, tmp_path, mix={"stroke": 1.0}, tokens=10**9, place=PLACE)
    assert progress.step == 4
    assert load_checkpoint(tmp_path)["step"] == 4
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_decay_that_was_interrupted_goes_on_where_it_was(shards, tmp_path) -> None:
    _trainer(shards, tmp_path / "trunk", {"stroke": 1.0}).run(5_000)
    first = _trainer(shards, tmp_path / "b", {"stroke": 1.0}, branch=tmp_path / "trunk", decay_tokens=6_000)
    first.step()
    first.save()
    again = _trainer(shards, tmp_path / "b", {"stroke": 1.0}, resume=True, decay_tokens=6_000)
    assert again.progress.decay == first.progress.decay
    assert again.run(0).tokens < first.progress.decay["start"] + 6_000 + 2_048


def test_shards_of_another_vocabulary_are_refused(shards, tmp_path) -> None:
    _trainer(shards, tmp_path / "run", {"stroke": 1.0}).save()
    other = tmp_path / "other"
    write_group(other, "stroke", "train", _documents(20, 20, 1))
    write_group(other, "stroke", "heldout", _documents(20, 20, 2))
    flags = np.zeros(VOCAB + 1, bool)
    write_meta(other, Meta(VOCAB + 1, SVG, 1, EOS, 0), flags, flags)
    trainer = Trainer(TINY, (other, {"stroke": 1.0}), tmp_path / "run", PLACE)
    with pytest.raises(TrainError, match="another vocabulary"):
        trainer.begin(Start(resume=True))


def _families(tmp_path, documents, hand: int = 0) -> Families:
    """Documents are (words, drawing body) of one group."""
    members = [Document([HEADER, *body, EOS], [[1, *([hand] if hand else []), *words]]) for words, body in documents]
    write_group(tmp_path, "stroke", "train", members)
    write_group(tmp_path, "stroke", "heldout", members)
    write_meta(tmp_path, Meta(VOCAB, SVG, 1, EOS, 0), np.arange(VOCAB) >= 100, np.arange(VOCAB) == 70)
    data = Data(tmp_path, ["stroke"], "train")
    return Families(data.groups, data.vocabulary.word_start, data.vocabulary.control)


def test_references_show_the_same_words_or_one_of_them_and_never_the_same_drawing(tmp_path) -> None:
    bodies = [list(np.random.default_rng(i).integers(6, 56, 20)) for i in range(6)]
    words = [(101,), (101,), (101,), (101, 102), (102, 101), (150,)]
    families = _families(tmp_path, [*zip(words, bodies, strict=True), ((101,), [*bodies[0][:-1], 9])])
    rng = np.random.default_rng(0)
    drawn = {row: {p[1] for _ in range(60) for p in families.references((0, row), 2, rng)} for row in range(7)}
    assert drawn[0] == {1, 2}, "the nearly equal seventh is no reference of the first"
    assert drawn[3] == {4, 0, 1, 2, 6}, "the same two words in another order, or one of them"
    assert drawn[5] == set()


def test_references_may_show_other_words_in_the_same_hand(tmp_path) -> None:
    bodies = [list(np.random.default_rng(i).integers(6, 56, 20)) for i in range(3)]
    families = _families(tmp_path, zip([(101,), (150,), (160,)], bodies, strict=True), hand=70)
    rng = np.random.default_rng(0)
    assert {p[1] for _ in range(90) for p in families.references((0, 0), 1, rng)} == {1, 2}


def test_references_stand_before_their_document_and_all_drawings_are_learned(tmp_path) -> None:
    bodies = [list(np.random.default_rng(i).integers(6, 56, 12)) for i in range(3)]
    _families(tmp_path, [((101,), body) for body in bodies])
    augment = Augment(0, 0, 0, 0, 0, 1.0)
    sampler = _sampler(tmp_path, {"stroke": 1.0}, augment=augment)
    counts = set()
    for batch in (batch for _ in range(3) for batch in sampler.next_step()):
        for row in batch.ids:
            counts.add(int((row == HEADER).sum()))
            assert len({tuple(part) for part in np.split(row, np.flatnonzero(row == 1))[1:]}) == (row == 1).sum()
        assert (batch.targets == HEADER).sum() == (batch.ids == HEADER).sum() == (batch.targets == EOS).sum()
    assert counts == {2, 3}
    heldout = Data(tmp_path, ["stroke"], "heldout")
    (alone,) = heldout_batches(heldout, 256, 8, 512)
    (after,) = heldout_batches(heldout, 256, 8, 512, references=True)
    assert sorted(after.targets) == sorted(alone.targets), "only the document itself is measured"
    assert (after.ids == HEADER).sum() == 9


def test_a_row_that_would_not_fit_goes_without_its_references(tmp_path) -> None:
    bodies = [list(np.random.default_rng(i).integers(6, 56, 12)) for i in range(3)]
    _families(tmp_path, [((101,), body) for body in bodies])
    sampler = _sampler(tmp_path, {"stroke": 1.0}, augment=Augment(0, 0, 0, 0, 0, 1.0), context=40)
    assert {int((row == HEADER).sum()) for batch in sampler.next_step() for row in batch.ids} == {2}


def test_training_measures_held_out_drawings_with_and_without_references(tmp_path) -> None:
    bodies = [list(np.random.default_rng(i).integers(6, 56, 12)) for i in range(40)]
    _families(tmp_path / "shards", [((101 + i % 4,), body) for i, body in enumerate(bodies)])
    trainer = Trainer(replace(TINY, references=0.5), (tmp_path / "shards", {"stroke": 1.0}), tmp_path / "run", PLACE)
    trainer.begin(Start())
    trainer.run(2048)
    assert set(trainer.progress.heldout) == {"stroke", "stroke+references"}
