"""Robustness with gradients: the same formulae on torch tensors, for searches that follow the slope.

Values are those of `robustness`; the gradient of a least or greatest is that of the part that decides it, shared
between ties as torch does. Needs the extra `learn`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from closed_loop.rules.evaluate import Evaluation, Signals, trace_of, variables_of
from closed_loop.rules.formula import Formula
from driving_data.errors import MissingExtra

try:
    import torch
except ImportError as error:
    raise MissingExtra("torch", "learn", "gradients of rules") from error


def _differ(a: Any, b: Any) -> Any:
    same = a == b
    # The branch that is not taken must have no NaN, or its gradient would be NaN too.
    zero = torch.zeros_like(a)
    return torch.where(same, zero, torch.abs(torch.where(same, zero, a) - torch.where(same, zero, b)))


_ELEMENTARY: dict[str, Callable[..., Any]] = {
    "+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.div, "abs": torch.abs, "sqrt": torch.sqrt,
    "exp": torch.exp, "pow": torch.pow, "neg": torch.neg, "min": torch.minimum, "max": torch.maximum,
}  # fmt: skip


class TorchArrays:
    """The operations of `numeric.Arrays` on tensors."""

    def elementary(self, op: str, parts: Sequence[Any]) -> Any:
        """As `Arrays.elementary`."""
        tensors = [torch.as_tensor(part) for part in parts]
        if op == "differ":
            return _differ(*torch.broadcast_tensors(*tensors))
        return _ELEMENTARY[op](*tensors)

    def least(self, values: Any, low: int, high: int) -> Any:
        """As `Arrays.least`, by doubling: log2(window) passes."""
        count = values.shape[-1]
        low, high = max(low, -count), min(high, count)
        if high < low:
            return torch.full_like(values, torch.inf)
        width = high - low + 1
        before, after = max(-low, 0), max(high, 0)
        found = torch.nn.functional.pad(values, (before, after), value=torch.inf)
        covered = 1
        while covered < width:
            step = min(covered, width - covered)
            found = torch.minimum(found[..., :-step], found[..., step:])
            covered += step
        first = max(low, 0) + (before + low if low < 0 else 0)
        return found[..., first : first + count]

    def reach(self, left: Any, right: Any, backward: bool) -> Any:
        """As `Arrays.reach`."""
        left, right = torch.broadcast_tensors(left, right)
        moments = range(left.shape[-1])
        following = torch.full_like(left[..., 0], -torch.inf)
        found: dict[int, Any] = {}
        for t in moments if backward else reversed(moments):
            following = torch.maximum(right[..., t], torch.minimum(left[..., t], following))
            found[t] = following
        return torch.stack([found[t] for t in moments], dim=-1)

    def shift(self, values: Any, offset: int, fill: float) -> Any:
        """As `Arrays.shift`."""
        count = values.shape[-1]
        lost = min(abs(offset), count)
        ends = torch.full_like(values[..., :lost], fill)
        if offset >= 0:
            return torch.cat([values[..., lost:], ends], dim=-1)
        return torch.cat([ends, values[..., : count - lost]], dim=-1)

    def reduce(self, values: Any, axis: int, present: np.ndarray, largest: bool) -> Any:
        """As `Arrays.reduce`."""
        fill = torch.full_like(values, -torch.inf if largest else torch.inf)
        if values.shape[axis] == 0:
            return torch.full_like(values.sum(dim=axis, keepdim=True), -torch.inf if largest else torch.inf)
        filled = torch.where(torch.as_tensor(present), values, fill)
        return filled.amax(dim=axis, keepdim=True) if largest else filled.amin(dim=axis, keepdim=True)


def robustness_with_gradient(formula: Formula, signals: Signals, step_s: float) -> Any:
    """Robustness (*batch, T) of tensors of float64; `backward` of it reaches the signals.

    Raises: as `robustness`; actors are all present.
    """
    trace = trace_of(formula, signals, kind="torch")
    value = Evaluation(trace, variables_of(formula), step_s, TorchArrays()).value(formula.root)
    flat = value.reshape(value.shape[0], trace.num_steps)
    return flat.expand(int(np.prod(trace.batch, dtype=np.int64)), trace.num_steps).reshape(
        *trace.batch, trace.num_steps
    )
