"""The tiny model of these tests: random weights, 96 tokens, and a language of headers, numbers and footers.

Run this file to write the folder `data/tiny` again; it needs onnxruntime-genai's builder, torch and transformers. The
folder is kept in the repository so that the tests of the graph need none of them.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TINY = Path(__file__).parent / "data" / "tiny"
VOCAB, PAD, BOS, EOS, HEADER, FOOTER = 96, 0, 1, 2, 3, 4
NUMBERS = range(10, 90)
CONFIG = {
    "architectures": ["Qwen3ForCausalLM"],
    "attention_bias": False,
    "bos_token_id": BOS,
    "eos_token_id": EOS,
    "pad_token_id": PAD,
    "head_dim": 16,
    "hidden_act": "silu",
    "hidden_size": 32,
    "intermediate_size": 64,
    "max_position_embeddings": 128,
    "max_window_layers": 2,
    "model_type": "qwen3",
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-6,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
    "vocab_size": VOCAB,
}


class TinyTokenizer:
    """Words become ids by their letters; drawings are `<` numbers `>`."""

    vocab_size = svg_vocab = VOCAB
    pad_id, bos_id, eos_id = PAD, BOS, EOS

    def decode(self, ids: Iterable[int]) -> str:
        """Concatenate token texts."""
        return "".join(_text(i) for i in ids)

    def encode_prompt(self, words: str) -> Sequence[int]:
        """One id a word, after bos."""
        return [BOS, *(10 + sum(word.encode()) % 80 for word in words.split())]


def _text(token: int) -> str:
    if token < HEADER:
        return ""
    return {HEADER: "<", FOOTER: ">"}.get(token, f" {token}")


class TinyGrammar:
    """Header, numbers, footer, eos; the budget counts eos too."""

    start = 0

    def step(self, state: int, token_id: int) -> int:
        """0 before the header, 1 inside, 2 after the footer, 3 at the end."""
        allowed = self.mask(state, 99)
        assert allowed[token_id], f"token {token_id} is not allowed in state {state}"
        return {HEADER: 1, FOOTER: 2, EOS: 3}.get(token_id, state)

    def mask(self, state: int, remaining: int) -> NDArray[np.bool_]:
        """What may follow and still end in time."""
        out = np.zeros(VOCAB, bool)
        if state == 0 and remaining >= 3:
            out[HEADER] = True
        elif state == 1:
            out[FOOTER] = remaining >= 2
            out[list(NUMBERS)] = remaining >= 3
        elif state == 2 and remaining >= 1:
            out[EOS] = True
        return out


def weights(config: dict[str, object], seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Random weights with norms away from one, so that a forgotten norm shows."""
    c = {k: int(v) for k, v in config.items() if isinstance(v, int)}
    random = np.random.default_rng(seed)
    q, kv = c["num_attention_heads"] * c["head_dim"], c["num_key_value_heads"] * c["head_dim"]
    width, feed = c["hidden_size"], c["intermediate_size"]
    shapes = {
        "self_attn.q_proj": (q, width),
        "self_attn.k_proj": (kv, width),
        "self_attn.v_proj": (kv, width),
        "self_attn.o_proj": (width, q),
        "self_attn.q_norm": (c["head_dim"],),
        "self_attn.k_norm": (c["head_dim"],),
        "mlp.gate_proj": (feed, width),
        "mlp.up_proj": (feed, width),
        "mlp.down_proj": (width, feed),
        "input_layernorm": (width,),
        "post_attention_layernorm": (width,),
    }
    names = {f"model.layers.{i}.{n}": s for i in range(c["num_hidden_layers"]) for n, s in shapes.items()}
    size = c["vocab_size"]
    names |= {"model.embed_tokens": (size, width), "lm_head": (size, width), "model.norm": (width,)}
    out = {}
    for name, shape in names.items():
        values = random.normal(0, 0.3, shape) if len(shape) > 1 else random.uniform(0.5, 1.5, shape)
        out[f"{name}.weight"] = values.astype(np.float32)
    return out


def write_safetensors(path: Path, tensors: dict[str, NDArray[np.float32]]) -> None:
    """The format is a length, a JSON header and the raw tensors."""
    header, body = {}, b""
    for name, array in tensors.items():
        data = array.astype("<f4").tobytes()
        offsets = [len(body), len(body) + len(data)]
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": offsets}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def write_folder(folder: Path) -> None:
    """config.json and model.safetensors."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=1))
    write_safetensors(folder / "model.safetensors", weights(CONFIG))


def main() -> None:
    """Write `data/tiny` with its float32 and int8 graphs."""
    write_folder(TINY)
    for precision, name in (("fp32", "onnx-fp32"), ("int8", "onnx")):
        out = TINY / name
        shutil.rmtree(out, ignore_errors=True)
        command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", str(TINY)]
        command += ["-o", str(out), "-p", precision, "-e", "cpu", "-c", str(out / "cache")]
        subprocess.run(command, check=True)
        shutil.rmtree(out / "cache", ignore_errors=True)
        for path in out.glob("tokenizer*"):
            path.unlink()


if __name__ == "__main__":
    main()
