"""Checkpoints of FlexBERT become the same model in transformers, and nothing in them is run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from text2svg.errors import ConfigError  # noqa: E402
from text2svg.train.encoder_convert import convert_checkpoint  # noqa: E402

CONFIG = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 2,
    "global_rope_theta": 160000.0, "local_rope_theta": 10000.0, "pad_token_id": 0, "bos_token_id": 1, "cls_token_id": 1,
    "eos_token_id": 2, "sep_token_id": 2, "max_position_embeddings": 128,
}  # fmt: skip


@pytest.fixture
def original(tmp_path: Path) -> tuple[Path, Path, object]:
    """A model, its config and its weights under Composer's names."""
    from transformers import ModernBertConfig, ModernBertForMaskedLM

    torch.manual_seed(0)
    model = ModernBertForMaskedLM(ModernBertConfig.from_dict(dict(CONFIG))).eval()
    names = {}
    for name, tensor in model.state_dict().items():
        first, _, rest = name.partition(".")
        if first != "model":
            new = f"model.{name}"
        elif rest.startswith("layers."):
            new = f"model.bert.encoder.{rest}"
        else:
            new = f"model.bert.{rest}"
        names[new] = tensor
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    torch.save({"state": {"model": names, "timestamp": {"batch": 7}}}, tmp_path / "latest.pt")
    return tmp_path / "config.json", tmp_path / "latest.pt", model


def test_the_converted_model_says_the_same(original: tuple[Path, Path, object], tmp_path: Path) -> None:
    from transformers import AutoModelForMaskedLM

    config, checkpoint, model = original
    (tmp_path / "tokenizer.json").write_text("{}")
    made = convert_checkpoint(config, checkpoint, tmp_path / "out", tmp_path)
    assert made["tokenizer"] == ["tokenizer.json"] and made["parameters"] == model.num_parameters()
    read = AutoModelForMaskedLM.from_pretrained(tmp_path / "out").eval()
    ids = torch.randint(3, 64, (2, 90), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(read(ids).logits, model(ids).logits)
    assert read.config.rope_parameters["full_attention"]["rope_theta"] == 160000.0


class Harm:
    """What a hostile checkpoint would run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("harmed",)


def test_code_in_a_checkpoint_is_not_run(
    original: tuple[Path, Path, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state": {"model": {}, "callback": Harm()}}, tmp_path / "hostile.pt")
    with pytest.raises(ConfigError, match="code in it is not run"):
        convert_checkpoint(original[0], tmp_path / "hostile.pt", tmp_path / "out")
    assert not (tmp_path / "harmed").exists()


def test_weights_that_do_not_fit_are_named(original: tuple[Path, Path, object], tmp_path: Path) -> None:
    config, checkpoint, _ = original
    saved = torch.load(checkpoint, weights_only=True)
    gone = saved["state"]["model"].pop("model.bert.encoder.layers.1.mlp.Wi.weight")
    saved["state"]["model"]["model.extra"] = gone
    torch.save(saved, checkpoint)
    with pytest.raises(ConfigError, match="missing: model.layers.1.mlp.Wi.weight.*unknown: model.extra"):
        convert_checkpoint(config, checkpoint, tmp_path / "out")
    (tmp_path / "text.pt").write_text("no checkpoint")
    with pytest.raises(ConfigError, match="text.pt"):
        convert_checkpoint(config, tmp_path / "text.pt", tmp_path / "out")
    with pytest.raises(ConfigError, match="none.json"):
        convert_checkpoint(tmp_path / "none.json", checkpoint, tmp_path / "out")
