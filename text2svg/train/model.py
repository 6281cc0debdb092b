"""A small causal transformer with exactly the arithmetic of `Qwen3ForCausalLM`, as plain tensors and functions.

Weights are one dict of float32 tensors; q, k, v and gate, up are stored fused (one wide product is faster than three)
and split on export. The head holds only the rows of drawing tokens: the exported head has zero rows for all other ids,
so their logits are 0 and the trained softmax counts each of them as exp(0) in its denominator.

Refuses a width that is not heads x head size. The trade-off: attention on a CPU is written out as two batched
products and a masked softmax instead of SDPA, because drawings are short: forward and backward of 8,192 tokens in
bf16 on one thread take 19 ms against 69 ms at length 64 and 30 against 82 at 128, though 78 against 89 at 256.
A whole step of icons-small over drawings of 60 tokens sees 6,300 tokens a second on one thread and 10,400 on two;
without the compiler 4,700 on one. Matrix products are 72 % of it.
Shapes in comments: B documents, T positions, H heads, D head size, C width. Needs torch alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import log
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from text2svg.errors import ConfigError

EPS = 1e-6
ROPE_THETA = 10_000.0
Weights = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a network."""

    vocab_size: int
    svg_vocab: int
    width: int
    layers: int
    heads: int
    ffn: int

    def __post_init__(self) -> None:
        if self.width % self.heads or (self.width // self.heads) % 2:
            raise ConfigError(
                f"width {self.width} does not split into {self.heads} heads of even size",
                hint="width = heads x 64 is usual",
            )

    @property
    def head_dim(self) -> int:
        return self.width // self.heads


def init_weights(shape: Shape, seed: int, embed_std: float) -> Weights:
    """Fresh weights: blocks start as the identity (their last products are zero), the head starts uniform."""
    rng = torch.Generator().manual_seed(seed)
    width, bound = shape.width, (3.0 / shape.width) ** 0.5

    def uniform(rows: int) -> Tensor:
        return torch.empty(rows, width).uniform_(-bound, bound, generator=rng)

    weights = {"embed": torch.randn(shape.vocab_size, width, generator=rng) * embed_std}
    for layer in range(shape.layers):
        at = f"layers.{layer}."
        weights[at + "attn_norm"] = torch.ones(width)
        weights[at + "qkv"] = uniform(3 * width)
        weights[at + "q_norm"] = torch.ones(shape.head_dim)
        weights[at + "k_norm"] = torch.ones(shape.head_dim)
        weights[at + "o"] = torch.zeros(width, width)
        weights[at + "mlp_norm"] = torch.ones(width)
        weights[at + "gate_up"] = uniform(2 * shape.ffn)
        weights[at + "down"] = torch.zeros(width, shape.ffn)
    weights["norm"] = torch.ones(width)
    weights["head"] = torch.zeros(shape.svg_vocab, width)
    return weights


@cache
def rope_tables(length: int, head_dim: int, device: str) -> tuple[Tensor, Tensor]:
    """cos and sin, each (T, 1, D/2): the angles of the half-rotation convention."""
    inverse = ROPE_THETA ** (-torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
    angle = torch.arange(length, dtype=torch.float64)[:, None, None] * inverse
    return angle.cos().float().to(device), angle.sin().float().to(device)


def _norm(x: Tensor, weight: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS) * weight


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class _Attention(torch.autograd.Function):
    """Causal attention with its gradients written out, so that the gradient of k comes out row by row.

    Autograd makes it as the transpose of k^T's gradient, and the kernels that read it then stride: 28 % of a step.
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        shape, length = q.shape, q.shape[2]
        # Rows are laid out here: a product given k^T would have k copied column by column.
        q, k, v = (part.reshape(-1, length, shape[3]) for part in (q, k, v))
        seen = torch.ones(length, length, dtype=torch.bool, device=q.device).tril()
        scores = torch.bmm(q, k.transpose(1, 2)).float().masked_fill(~seen, float("-inf"))
        share = torch.softmax(scores, -1).to(v.dtype)
        ctx.save_for_backward(q, k, v, share)
        return torch.bmm(share, v).view(shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v, share = ctx.saved_tensors
        shape, grad = grad.shape, grad.reshape(q.shape)
        p, dp = share.float(), torch.bmm(grad, v.transpose(1, 2)).float()
        ds = (p * (dp - (p * dp).sum(-1, keepdim=True))).to(q.dtype)
        dk, dv = torch.bmm(ds.transpose(1, 2), q), torch.bmm(share.transpose(1, 2), grad)
        return torch.bmm(ds, k).view(shape), dk.view(shape), dv.view(shape)


def _attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention over (B, H, T, D); q carries the 1/sqrt(D)."""
    if q.device.type != "cpu":
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0)
    return _Attention.apply(q, k, v)


def _block(x: Tensor, rope: tuple[Tensor, Tensor], w: tuple[Tensor, ...], dtype: torch.dtype) -> Tensor:
    """One pre-norm layer over the float32 residual stream (B, T, C); products run in `dtype`."""
    attn_norm, qkv, q_norm, k_norm, o, mlp_norm, gate_up, down = w
    batch, length, width = x.shape
    dim = q_norm.shape[0]
    h = _norm(x, attn_norm).to(dtype)
    parts = F.linear(h, qkv.to(dtype)).view(batch, length, 3, width // dim, dim)
    q, k, v = parts.unbind(2)
    q = _rotate(_norm(q.float(), q_norm * dim**-0.5), *rope).to(dtype).transpose(1, 2)
    k = _rotate(_norm(k.float(), k_norm), *rope).to(dtype).transpose(1, 2)
    seen = _attend(q, k, v.transpose(1, 2)).transpose(1, 2).reshape(batch, length, width)
    x = x + F.linear(seen, o.to(dtype))
    gate, up = F.linear(_norm(x, mlp_norm).to(dtype), gate_up.to(dtype)).chunk(2, -1)
    h = (F.silu(gate.float()) * up.float()).to(dtype)
    return x + F.linear(h, down.to(dtype))


def _token_losses(h: Tensor, norm: Tensor, head: Tensor, targets: Tensor, rest: float) -> Tensor:
    """Nats of each target, (N,); `rest` is the log of how many ids outside the head have logit 0."""
    logits = F.linear(_norm(h, norm).to(head.dtype), head).float()
    top = torch.logsumexp(logits, -1)
    total = torch.logaddexp(top, torch.full_like(top, rest))
    return total - logits.gather(-1, targets[:, None])[:, 0]


class Model:
    """Weights with a way to run them. `dtype` is the precision of the products; everything between them is float32."""

    def __init__(self, shape: Shape, weights: Weights, dtype: torch.dtype, compiled: bool) -> None:
        self.shape, self.weights, self.dtype = shape, weights, dtype
        self._block: Callable[..., Tensor] = _block
        self._losses: Callable[..., Tensor] = _token_losses
        if compiled:
            # One graph per function, shared by every layer and every batch shape: compiling the whole network
            # for each length would take minutes and is not measurably faster.
            self._block = torch.compile(_block, dynamic=True)
            self._losses = torch.compile(_token_losses, dynamic=True)

    def hidden(self, ids: Tensor) -> Tensor:
        """The residual stream after the last layer, (B, T, C) float32."""
        w = self.weights
        device = ids.device
        cos, sin = rope_tables(4096, self.shape.head_dim, str(device))
        length = ids.shape[1]
        rope = (cos[:length], sin[:length])
        x = F.embedding(ids, w["embed"])
        for layer in range(self.shape.layers):
            x = self._block(x, rope, layer_weights(w, layer), self.dtype)
        return x

    def losses(self, ids: Tensor, rows: Tensor, targets: Tensor) -> Tensor:
        """Nats of the target after each flat position in `rows` of `ids` (B, T)."""
        h = self.hidden(ids).flatten(0, 1).index_select(0, rows)
        rest = log(self.shape.vocab_size - self.shape.svg_vocab)
        w = self.weights
        return self._losses(h, w["norm"], w["head"].to(self.dtype), targets, rest)

    def logits(self, ids: Tensor) -> Tensor:
        """Logits of the drawing tokens, (B, T, svg_vocab) float32; what every other id gets is 0."""
        return F.linear(_norm(self.hidden(ids), self.weights["norm"]), self.weights["head"])


LAYER_PARTS = ("attn_norm", "qkv", "q_norm", "k_norm", "o", "mlp_norm", "gate_up", "down")


def layer_weights(weights: Mapping[str, Tensor], layer: int) -> tuple[Tensor, ...]:
    """The tensors of one layer, in the order the block takes them."""
    return tuple(weights[f"layers.{layer}.{part}"] for part in LAYER_PARTS)
