"""StableAdamW: AdamW whose step is held back where the second moment lags behind (Wortsman and others 2023).

The decay is decoupled from the rate's unit: weights shrink by `rate / peak * decay` a step. Refuses sparse gradients. The
trade-off: one loop over tensors, slower than torch's fused AdamW, which matters only for models that fit a CPU.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


class StableAdamW(torch.optim.Optimizer):
    """`groups` with their `lr`, `peak` and `weight_decay`; the bias correction is Adam's."""

    def __init__(
        self, groups: Iterable[dict[str, Any]], *, betas: tuple[float, float] = (0.9, 0.98), eps: float = 1e-6
    ) -> None:
        super().__init__(groups, {"lr": 0.0, "peak": 1.0, "betas": betas, "eps": eps, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, group)

    def _update(self, parameter: Tensor, group: dict[str, Any]) -> None:
        state, gradient = self.state[parameter], parameter.grad
        if not state:
            state["step"] = 0
            state["mean"], state["square"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        state["step"] += 1
        one, two = group["betas"]
        one_now = 1 - (1 - one) / (1 - one ** state["step"])
        two_now = 1 - (1 - two) / (1 - two ** state["step"])
        state["mean"].lerp_(gradient, 1 - one_now)
        state["square"].mul_(two_now).addcmul_(gradient, gradient, value=1 - two_now)
        ratio = (gradient.square() / state["square"].clamp(min=group["eps"] ** 2)).mean().sqrt()
        rate = group["lr"] / max(1.0, float(ratio))
        if group["weight_decay"]:
            parameter.mul_(1 - group["lr"] / group["peak"] * group["weight_decay"])
        parameter.addcdiv_(state["mean"], state["square"].sqrt() + group["eps"], value=-rate)
