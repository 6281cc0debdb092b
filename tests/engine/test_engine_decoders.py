"""The numpy decoder against an implementation in torch and the graphs against the numpy decoder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny_model import CONFIG, TINY, VOCAB, weights, write_safetensors

from text2svg.engine.graph import OnnxDecoder
from text2svg.engine.reference import NumpyDecoder
from text2svg.engine.weights import read_config, read_safetensors
from text2svg.errors import EngineError, EngineUnavailable

PROMPTS = [[1, 20], [1, 30, 40, 50, 60], [1, 11, 12], [1, 70, 71, 72], [1, 15], [1, 33, 34]]


def _numpy() -> NumpyDecoder:
    return NumpyDecoder(read_config(TINY), read_safetensors(TINY / "model.safetensors"))


def _onnx(name: str) -> OnnxDecoder:
    return OnnxDecoder(TINY / name, read_config(TINY))


def _greedy(decoder: object, prompt: list[int], count: int) -> list[int]:
    cache = decoder.cache(1, len(prompt) + count)
    logits, out = cache.prefill(0, prompt), []
    for _ in range(count):
        out.append(int(logits.argmax()))
        logits = cache.step([out[-1]])[0]
    return out


def _torch_logits(ids: list[int]) -> np.ndarray:
    """Qwen3 written out in torch, all positions at once, without a cache: (T, vocab)."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    w = {k: torch.from_numpy(v) for k, v in weights(CONFIG).items()}
    heads, kv, size = 4, 2, 16

    def rms(x, weight):  # noqa: ANN001, ANN202
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * weight

    def rope(x):  # noqa: ANN001, ANN202
        angles = torch.outer(torch.arange(x.shape[-2]), 10000.0 ** (-torch.arange(0, size, 2) / size))
        cos, sin = angles.cos(), angles.sin()
        a, b = x[..., : size // 2], x[..., size // 2 :]
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    x = w["model.embed_tokens.weight"][torch.tensor(ids)]
    for i in range(2):
        p = {k.split(f"layers.{i}.")[1][:-7]: v for k, v in w.items() if f"layers.{i}." in k}
        h = rms(x, p["input_layernorm"])
        q = (h @ p["self_attn.q_proj"].T).view(-1, heads, size).transpose(0, 1)
        k = (h @ p["self_attn.k_proj"].T).view(-1, kv, size).transpose(0, 1)
        v = (h @ p["self_attn.v_proj"].T).view(-1, kv, size).transpose(0, 1)
        q, k = rope(rms(q, p["self_attn.q_norm"])), rope(rms(k, p["self_attn.k_norm"]))
        k, v = (t.repeat_interleave(heads // kv, 0) for t in (k, v))
        mixed = functional.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
        x = x + mixed.transpose(0, 1).reshape(len(ids), -1) @ p["self_attn.o_proj"].T
        h = rms(x, p["post_attention_layernorm"])
        gated = functional.silu(h @ p["mlp.gate_proj"].T) * (h @ p["mlp.up_proj"].T)
        x = x + gated @ p["mlp.down_proj"].T
    return (rms(x, w["model.norm.weight"]) @ w["lm_head.weight"].T).numpy()


@pytest.mark.parametrize("prompt", PROMPTS)
def test_numpy_agrees_with_torch_at_every_position(prompt: list[int]) -> None:
    answer = _greedy(_numpy(), prompt, 60)
    expected = _torch_logits([*prompt, *answer])
    cache = _numpy().cache(1, 128)
    got = [cache.prefill(0, prompt)] + [cache.step([t])[0] for t in answer]
    np.testing.assert_allclose(np.stack(got), expected[len(prompt) - 1 :], atol=2e-4)
    assert answer == expected[len(prompt) - 1 : -1].argmax(-1).tolist()


@pytest.mark.parametrize("prompt", PROMPTS)
def test_float32_graph_is_greedily_equal_to_numpy(prompt: list[int]) -> None:
    assert _greedy(_onnx("onnx-fp32"), prompt, 100) == _greedy(_numpy(), prompt, 100)


def test_transformers_agrees_when_installed(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    model = transformers.Qwen3ForCausalLM.from_pretrained(str(TINY)).eval()
    prompt = torch.tensor([PROMPTS[1]])
    out = model.generate(prompt, max_new_tokens=80, do_sample=False, eos_token_id=None, pad_token_id=0)
    assert _greedy(_numpy(), PROMPTS[1], 80) == out[0, len(PROMPTS[1]) :].tolist()


@pytest.mark.parametrize("decoder", ["numpy", "onnx-fp32", "onnx"])
def test_a_row_has_the_same_bits_alone_and_in_any_batch(decoder: str) -> None:
    make = _numpy if decoder == "numpy" else lambda: _onnx(decoder)
    model = make()
    assert model.exact_batches, "this machine's kernels depend on the batch; the engine would fix the shape"
    feed = np.random.default_rng(1).integers(10, 90, (len(PROMPTS), 40)).tolist()

    def decode(rows: list[int], capacity: int) -> list[np.ndarray]:
        cache = model.cache(len(rows), capacity)
        first = [cache.prefill(place, PROMPTS[i]).copy() for place, i in enumerate(rows)]
        steps = [cache.step([feed[i][t] for i in rows]).copy() for t in range(40)]
        return [np.stack([first[p], *(s[p] for s in steps)]) for p in range(len(rows))]

    alone = [decode([i], 60)[0] for i in range(len(PROMPTS))]
    for rows in ([0, 1], [5, 4, 3, 2, 1, 0], [2, 2, 2], [3, 1, 4]):
        for place, got in enumerate(decode(rows, 100)):
            assert np.array_equal(got, alone[rows[place]]), (rows, place)


@pytest.mark.parametrize("decoder", ["numpy", "onnx-fp32", "onnx"])
def test_a_fixed_shape_and_moved_rows_change_nothing(decoder: str) -> None:
    model = _numpy() if decoder == "numpy" else _onnx(decoder)

    def run(fixed: bool) -> np.ndarray:
        model.exact_batches = not fixed
        cache = model.cache(4, 40)
        for place, prompt in enumerate(PROMPTS[:3]):
            cache.prefill(place, prompt)
        out = [cache.step([10, 11, 12])[2].copy()]
        cache.copy(2, 0, len(PROMPTS[2]) + 1)
        out += [cache.step([20 + t, 30])[0].copy() for t in range(5)]
        cache.prefill(1, PROMPTS[4])
        out += [cache.step([40 + t, 50])[1].copy() for t in range(5)]
        return np.stack(out)

    cache = model.cache(1, 40)
    cache.prefill(0, PROMPTS[2])
    moved = [cache.step([t])[0].copy() for t in (12, 20, 21, 22, 23, 24)]
    cache.prefill(0, PROMPTS[4])
    fresh = [cache.step([50])[0].copy() for _ in range(5)]
    assert np.array_equal(run(fixed=False), np.stack(moved + fresh))
    if decoder != "numpy":
        np.testing.assert_allclose(run(fixed=True), np.stack(moved + fresh), atol=1e-4)


def test_int8_stays_close_to_float32() -> None:
    exact, packed = (d.cache(1, 64).prefill(0, PROMPTS[1]) for d in (_numpy(), _onnx("onnx")))
    assert 0 < np.abs(exact - packed).max() < 0.15 * exact.std()


def test_names_say_the_precision() -> None:
    assert [_onnx("onnx").name, _onnx("onnx-fp32").name] == ["onnx-int8", "onnx-fp32"]


def test_bfloat16_tensors_are_read(tmp_path: Path) -> None:
    values = np.array([[1.5, -2.0], [0.15625, 3e38]], np.float32)
    header = json.dumps({"w": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}}).encode()
    upper = (values.view(np.uint32) >> 16).astype("<u2")
    (tmp_path / "m").write_bytes(len(header).to_bytes(8, "little") + header + upper.tobytes())
    read = read_safetensors(tmp_path / "m")["w"]
    np.testing.assert_allclose(read, values, rtol=0.01)
    assert read[0].tolist() == [1.5, -2.0]


@pytest.mark.parametrize("offsets", [[0, 4], [0, 400], [-8, 8], [8, 0]])
def test_offsets_outside_the_file_are_refused(tmp_path: Path, offsets: list[int]) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": offsets}}).encode()
    (tmp_path / "m").write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
    with pytest.raises(EngineError, match="damaged"):
        read_safetensors(tmp_path / "m")


def test_other_files_and_models_are_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable) as missing:
        read_config(tmp_path)
    assert "train" in missing.value.hint
    (tmp_path / "m").write_bytes(b"not a model at all, but long enough")
    with pytest.raises(EngineError, match="not a safetensors"):
        read_safetensors(tmp_path / "m")
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
    with pytest.raises(EngineError, match="not Qwen3"):
        read_config(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["Qwen3ForCausalLM"]}))
    with pytest.raises(EngineError, match="misses or garbles"):
        read_config(tmp_path)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    tensors = weights(CONFIG)
    del tensors["model.layers.1.mlp.up_proj.weight"]
    write_safetensors(tmp_path / "m", tensors)
    with pytest.raises(EngineError, match=r"layers\.1\.mlp\.up_proj"):
        NumpyDecoder(read_config(TINY), read_safetensors(tmp_path / "m"))


def test_a_tied_head_is_the_embedding() -> None:
    tensors = weights(CONFIG)
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"]
    import dataclasses

    config = read_config(TINY)
    untied = NumpyDecoder(config, tensors).cache(1, 8).prefill(0, [1, 20])
    tied = NumpyDecoder(dataclasses.replace(config, tied=True), tensors).cache(1, 8).prefill(0, [1, 20])
    assert untied.shape == (VOCAB,)
    assert np.array_equal(tied, untied)
