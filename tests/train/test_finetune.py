"""Fine-tuning: recipes and rows everywhere, training and merging of a tiny base where peft is installed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from text2svg.errors import ConfigError, MissingDependency, SourceError, TrainError
from text2svg.svg.schema import HEADER
from text2svg.train.finetune_data import IGNORED, Pair, encode, make_rows, read_pairs
from text2svg.train.finetune_recipe import TARGETS, finetune_recipes, load_finetune_recipe

# transformers and peft announce their own deprecations to each other.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")

PAIRS = [
    Pair(f"{color} {kind}", f'{HEADER}<circle fill="#{shade}" cx="{x}" cy="128" r="{r}"/></svg>')
    for color, shade in (("red", "f00"), ("blue", "00f"), ("green", "0a0"))
    for kind, r in (("disc", 96), ("dot", 22), ("ball", 64))
    for x in (100, 128, 136, 150)
]


class Letters:
    """A tokenizer of single characters, for what needs no model."""

    eos_token_id = 0

    def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
        return [ord(letter) for letter in text]

    def apply_chat_template(self, messages: list[dict[str, str]], **_: Any) -> str:
        return f"user: {messages[-1]['content']} me: "


def test_the_seed_s_recipe_is_one_file_among_smaller_ones() -> None:
    assert finetune_recipes() == ["qwen-0.5b", "qwen-1.5b", "qwen-32b", "qwen-7b"]
    seed = load_finetune_recipe("qwen-32b")
    assert (seed.base, seed.four_bit) == ("Qwen/Qwen2.5-Coder-32B-Instruct", True)
    assert (seed.rank, seed.alpha, seed.rslora, seed.dropout) == (128, 32, True, 0.0)
    assert (seed.batch, seed.accumulate, seed.epochs) == (20, 8, 1.0)
    assert (seed.lr, seed.embedding_lr, seed.warmup, seed.schedule) == (5e-5, 1e-5, 0.05, "cosine")
    assert (seed.optimizer, seed.weight_decay, seed.max_grad_norm, seed.seed) == ("adamw_8bit", 0.01, 1.0, 3407)
    assert (seed.context, seed.packing, seed.embeddings) == (1024, False, True)
    assert set(TARGETS) == {f"{name}_proj" for name in ("q", "k", "v", "o", "gate", "up", "down")}
    assert all(load_finetune_recipe(name).name == name for name in finetune_recipes())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rank = 0", "rank = 0 cannot be"),
        ('rank = "big"', "rank = 'big' cannot be"),
        ("batch = true", "batch = True cannot be"),
        ("warmup = 1.5", "warmup = 1.5 cannot be"),
        ('schedule = "zigzag"', "schedule = 'zigzag' cannot be"),
        ("embeddings = false", "embeddings = False cannot be"),
        ("rnak = 8", "unknown key rnak"),
        ("rank =", "is not TOML"),
    ],
)
def test_bad_recipes_are_refused_by_name(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'name = "mine"\nbase = "b"\n{line}\n')
    with pytest.raises(ConfigError, match=message) as caught:
        load_finetune_recipe(str(file))
    assert caught.value.hint or "TOML" in caught.value.message
    with pytest.raises(ConfigError, match="unknown recipe"):
        load_finetune_recipe("gpt-9")


def test_the_drawing_alone_is_learned_and_nothing_is_cut() -> None:
    row = encode(PAIRS[0], Letters())
    begin = next(i for i, label in enumerate(row.labels) if label != IGNORED)
    assert "".join(map(chr, row.labels[begin:-1])) == PAIRS[0].svg and row.labels[-1] == 0
    assert "".join(map(chr, row.ids[:begin])) == "user: Draw as SVG: red disc me: "
    long = Pair("long", PAIRS[0].svg * 9)
    rows = make_rows([*PAIRS, long], Letters(), 600, packing=True, seed=1)
    assert (rows.pairs, rows.too_long) == (len(PAIRS) + 1, 1)
    assert all(len(row.ids) == len(row.labels) == len(row.positions) <= 600 for row in rows.rows)
    whole = "".join(chr(i) for row in rows.rows for i in row.ids)
    assert all(whole.count(pair.svg + chr(0)) == 1 for pair in PAIRS)
    assert sum(row.positions.count(0) for row in rows.rows) == len(PAIRS)
    assert len(rows.rows) < len(PAIRS)
    assert rows == make_rows([*PAIRS, long], Letters(), 600, packing=True, seed=1)
    with pytest.raises(TrainError, match="none of 1 pairs fits"):
        make_rows([long], Letters(), 600, packing=True, seed=1)


def test_no_new_token_looks_like_a_special_one() -> None:
    from text2svg.train.finetune_tokens import drawing_words

    words = drawing_words()
    assert {"0", "256", " 256", "<path", "</svg", HEADER[:-1]} <= set(words) and len(words) == len(set(words))
    assert not [word for word in words if word.startswith("<") and word.endswith(">")]
    assert not [word for word in words if word.isalpha()]


def test_pairs_come_from_lines_of_both_forms(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"prompts": ["a", "b"], "svg": "<svg/>"}\n{"caption": "c", "svg": "<svg/>"}\n')
    assert [pair.words for pair in read_pairs(file)] == ["a", "b", "c"]
    for bad in ('{"caption": "c"}', '{"svg": "<svg/>"}', "[1]", '{"prompts": [3], "svg": "x"}', "{"):
        file.write_text(bad + "\n")
        with pytest.raises(SourceError):
            list(read_pairs(file))


# What follows needs torch, transformers and peft.


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language model of random weights, its heads wide enough for vLLM; its tokenizer splits digits as Qwen's does."""
    torch = pytest.importorskip("torch", reason="the train extra is not installed")
    pytest.importorskip("peft", reason="the finetune extra is not installed")
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    inner = Tokenizer(models.BPE())
    parts = [pre_tokenizers.Split(Regex("[0-9]"), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    inner.pre_tokenizer, inner.decoder = pre_tokenizers.Sequence(parts), decoders.ByteLevel()
    special = ["<|end|>", "<|user|>", "<|me|>"]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))  # fmt: skip
    inner.train_from_iterator([pair.words for pair in PAIRS] * 4, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|end|>", pad_token="<|end|>")
    tokenizer.chat_template = "{% for m in messages %}<|user|>{{ m.content }}<|me|>{% endfor %}"
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=256, tie_word_embeddings=True, bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("base")
    Qwen2ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _recipe(base: Path, **changes: Any) -> Any:
    small = {"base": str(base), "rank": 8, "context": 128, "batch": 1, "accumulate": 2, "epochs": 25.0, "lr": 1e-2,
             "embedding_lr": 1e-2, "checkpoint_every": 40}  # fmt: skip
    return load_finetune_recipe("qwen-0.5b", small | changes)


@pytest.mark.train
def test_new_tokens_begin_as_the_mean_of_their_sub_words(base: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from text2svg.train.finetune_tokens import add_drawing_tokens

    model, tokenizer = AutoModelForCausalLM.from_pretrained(base), AutoTokenizer.from_pretrained(base)
    pieces = tokenizer.encode(" 136", add_special_tokens=False)
    mean = model.get_input_embeddings().weight[pieces].mean(0)
    before = len(tokenizer.encode(PAIRS[0].svg))
    added = add_drawing_tokens(tokenizer, model)
    assert len(pieces) > 1 and 700 < added < 1200
    new = tokenizer.convert_tokens_to_ids(" 136")
    for matrix in (model.get_input_embeddings(), model.get_output_embeddings()):
        assert (matrix.weight[new] - mean).abs().max() < 1e-6
    for pair in PAIRS:
        assert tokenizer.decode(tokenizer.encode(pair.svg)) == pair.svg
    assert len(tokenizer.encode(PAIRS[0].svg)) < before / 3
    assert tokenizer.encode("red heart, 3 stars") != [tokenizer.unk_token_id]
    assert add_drawing_tokens(tokenizer, model) == 0
    again, fresh = AutoModelForCausalLM.from_pretrained(base), AutoTokenizer.from_pretrained(base)
    add_drawing_tokens(fresh, again)
    assert (again.get_input_embeddings().weight == model.get_input_embeddings().weight).all()  # no row begins by chance


@pytest.mark.train
def test_it_learns_resumes_exactly_and_merges(base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from text2svg.engine.wire import INSTRUCTION
    from text2svg.train.finetune_run import Job, finetune

    said: list[str] = []
    recipe = _recipe(base)
    whole = Job(recipe, tmp_path / "whole", backend="peft", report=said.append)
    card = finetune(whole, PAIRS, PAIRS[:3])
    assert said[0].startswith("trained by transformers and peft (asked for) on the CPU")
    assert any("AdamW keeps 32 bits" in line for line in said)
    assert card["packed"] and not any("packing is off" in line for line in said)
    log = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in log if "loss" in line]
    assert losses[-1] < losses[0] / 2 and card["heldout"] < losses[0] / 2

    parts = replace(whole, out=tmp_path / "parts", steps=55)
    assert "heldout" not in finetune(parts, PAIRS, PAIRS[:3])
    with pytest.raises(TrainError, match="already holds a run"):
        finetune(parts, PAIRS, PAIRS[:3])
    again = finetune(replace(parts, steps=0, resume=True), PAIRS, PAIRS[:3])
    assert again["steps"] == card["steps"] and again["heldout"] == card["heldout"]
    one, other = (load_file(tmp_path / run / "adapter" / "adapter_model.safetensors") for run in ("whole", "parts"))
    assert one.keys() == other.keys() and all((one[name] == other[name]).all() for name in one)

    merged = tmp_path / "whole" / "merged"
    assert {path.suffix for path in merged.iterdir()} <= {".json", ".safetensors", ".jinja"}
    model, tokenizer = AutoModelForCausalLM.from_pretrained(merged), AutoTokenizer.from_pretrained(merged)
    chat = [{"role": "user", "content": INSTRUCTION.format(words=PAIRS[0].words)}]
    asked = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    drawn = tokenizer.decode(
        model.generate(**asked, max_new_tokens=60, do_sample=False)[0, asked["input_ids"].shape[1] :]
    )
    assert drawn.startswith(HEADER + "<circle fill=")


@pytest.mark.train
def test_what_a_machine_cannot_do_is_refused(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from text2svg.train import finetune as door

    backend = door.choose_backend("peft")
    if backend.gpu:
        pytest.skip("this machine has a GPU")
    with pytest.raises(TrainError, match="needs a GPU"):
        door.load_student(_recipe(base, four_bit=True), backend)
    monkeypatch.setattr(door, "CPU_LIMIT", 1000)
    with pytest.raises(TrainError, match="at most on a CPU"):
        door.load_student(_recipe(base), backend)
    with pytest.raises(TrainError, match="cannot load"):
        door.load_student(_recipe(base / "nowhere"), backend)
    with pytest.raises(ConfigError, match="unknown backend"):
        door.choose_backend("axolotl")


@pytest.mark.train
@pytest.mark.slow
def test_unsloth_trains_the_same_recipe(base: Path, tmp_path: Path) -> None:
    from text2svg.train.finetune_run import Job, finetune

    said: list[str] = []
    try:
        card = finetune(Job(_recipe(base), tmp_path, backend="unsloth", report=said.append), PAIRS, PAIRS[:3])
    except MissingDependency as error:
        pytest.skip(error.message)
    assert said[0].startswith("trained by Unsloth")
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in log if "loss" in line]
    assert losses[-1] < losses[0] / 2 and card["heldout"] < losses[0] / 2
    assert (tmp_path / "merged" / "model.safetensors").is_file()


@pytest.mark.train
@pytest.mark.slow
def test_vllm_serves_what_was_trained_and_merged(base: Path, tmp_path: Path) -> None:
    from text2svg.engine import Prompt, Sampling, load
    from text2svg.generate.settle import settle
    from text2svg.train.finetune_run import Job, finetune

    python = os.environ.get("TEST_VLLM_PYTHON", "")
    if not python:
        pytest.skip("TEST_VLLM_PYTHON names no interpreter with vLLM")
    finetune(Job(_recipe(base), tmp_path, backend="peft"), PAIRS, PAIRS[:3])
    small = "--enforce-eager --dtype float32 --max-model-len 256 --gpu-memory-utilization 0.1"
    spec = f"vllm:{tmp_path / 'merged'}?instruct=tuned&start_s=2400&arguments={small}"
    engine = load(spec, defaults={"vllm.python": python})
    try:
        answers = engine.complete([Prompt(pair.words) for pair in PAIRS[::4]], Sampling(120, 0.0))
    finally:
        engine.close()
    assert [answer.finish for answer in answers] == ["stop"] * len(answers), answers
    assert all(settle(answer.text).valid for answer in answers), answers
    assert all(answer.completion_tokens < 40 for answer in answers), answers  # in whole tokens, not in letters
