"""What the evaluator asks of arrays, and numpy's answer.

Time is the last axis; ahead and behind are signs of offsets.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from closed_loop.rules import kernels


@runtime_checkable
class Arrays(Protocol):
    """Operations on arrays whose last axis is time; numpy's below, torch's in `gradients`."""

    def elementary(self, op: str, parts: Sequence[Any]) -> Any:
        """`+ - * / abs sqrt exp pow neg`, and of two `min`, `max`, `differ` (|a - b|, 0 where equal)."""
        ...

    def least(self, values: Any, low: int, high: int) -> Any:
        """Least value of the window t + low .. t + high, clipped at the ends; +inf where nothing is left."""
        ...

    def reach(self, left: Any, right: Any, backward: bool) -> Any:
        """max(right[t], min(left[t], what comes next in time)), or what came before; -inf beyond the trace."""
        ...

    def shift(self, values: Any, offset: int, fill: float) -> Any:
        """out[t] = values[t + offset], `fill` beyond the ends."""
        ...

    def reduce(self, values: Any, axis: int, present: np.ndarray, largest: bool) -> Any:
        """Least or greatest over an axis (kept with length 1) where `present`; +inf or -inf where nobody is."""
        ...


def _differ(a: Any, b: Any) -> Any:
    return np.where(a == b, 0.0, np.abs(a - b))


_ELEMENTARY: dict[str, Callable[..., Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "abs": np.abs, "sqrt": np.sqrt, "exp": np.exp,
    "pow": np.power, "neg": np.negative, "min": np.minimum, "max": np.maximum, "differ": _differ,
}  # fmt: skip


class NumpyArrays:
    """The operations on float64 arrays of numpy."""

    def elementary(self, op: str, parts: Sequence[Any]) -> Any:
        """As `Arrays.elementary`; a division by zero or a root of a negative number gives what IEEE 754 says."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return _ELEMENTARY[op](*parts)

    def least(self, values: Any, low: int, high: int) -> Any:
        """As `Arrays.least`; O(T) whatever the window."""
        rows = _rows(values)
        count = rows.shape[1]
        low, high = max(low, -count), min(high, count)
        out = np.empty_like(rows)
        if high < low:
            out[:] = np.inf
        else:
            kernels.sliding_min(rows, low, high, out, np.empty(count), np.empty(count))
        return out.reshape(values.shape)

    def reach(self, left: Any, right: Any, backward: bool) -> Any:
        """As `Arrays.reach`."""
        shape = np.broadcast_shapes(left.shape, right.shape)
        a, b = _rows(np.broadcast_to(left, shape)), _rows(np.broadcast_to(right, shape))
        out = np.empty_like(b)
        kernels.reach(a, b, out, backward)
        return out.reshape(shape)

    def shift(self, values: Any, offset: int, fill: float) -> Any:
        """As `Arrays.shift`."""
        count = values.shape[-1]
        out = np.full(values.shape, fill)
        if offset >= 0:
            out[..., : max(count - offset, 0)] = values[..., offset:]
        elif -offset < count:
            out[..., -offset:] = values[..., :offset]
        return out

    def reduce(self, values: Any, axis: int, present: np.ndarray, largest: bool) -> Any:
        """As `Arrays.reduce`."""
        filled = np.where(present, values, -np.inf if largest else np.inf)
        if largest:
            return filled.max(axis=axis, keepdims=True, initial=-np.inf)
        return filled.min(axis=axis, keepdims=True, initial=np.inf)


def _rows(values: np.ndarray) -> np.ndarray:
    """The values as contiguous rows of samples."""
    return np.ascontiguousarray(values, dtype=np.float64).reshape(-1, values.shape[-1])
