"""Robustness with gradients: the same values, and slopes that agree with small differences."""

import numpy as np
import pytest

from closed_loop.rules import parse, robustness
from tests.closed_loop.rules.random_formulae import random_node, random_trace
from tests.closed_loop.rules.test_logic import parse_node

torch = pytest.importorskip("torch", reason="gradients need the extra learn")
pytestmark = pytest.mark.extra


def test_values_are_those_of_numpy():
    from closed_loop.rules.gradients import robustness_with_gradient

    rng = np.random.default_rng(5)
    for _ in range(40):
        formula, trace = parse_node(random_node(rng, 3, 6)), random_trace(rng)
        tensors = {name: torch.tensor(value) for name, value in trace.items()}
        ours = robustness_with_gradient(formula, tensors, 1.0).numpy()
        np.testing.assert_allclose(ours, robustness(formula, trace, 1.0), rtol=1e-12, atol=1e-12, err_msg=str(formula))


@pytest.mark.parametrize(
    "text",
    [
        "always (x >= 0.1)",
        "(x >= y) until[1:6] (y * x - 0.3 >= exp(x))",
        "eventually[2:9] (abs(x - y) <= 0.5) and not once[0:4] (y >= 1)",
        "(x >= 0) since[1:3] (y >= 0)",
        "x unless[0:5] y",
        "A a: gap(a) >= x or rise(gap(a))",
    ],
)
def test_slopes_agree_with_small_differences(text):
    from closed_loop.rules.gradients import robustness_with_gradient

    rng = np.random.default_rng(1)
    values = {"x": rng.normal(size=12), "y": rng.normal(size=12), "gap(*)": rng.normal(size=(12, 3))}
    formula = parse(text)
    values = {signal.key: values[signal.key] for signal in formula.signals()}
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in values.items()}
    robustness_with_gradient(formula, tensors, 1.0)[5].backward()
    slope, total = 0.0, 0.0
    for name, value in values.items():
        grad = tensors[name].grad.numpy()
        total += np.abs(grad).sum()
        for place in np.ndindex(value.shape):
            moved = {key: one.copy() for key, one in values.items()}
            moved[name][place] += 1e-6
            change = (robustness(formula, moved, 1.0)[5] - robustness(formula, values, 1.0)[5]) / 1e-6
            assert grad[place] == pytest.approx(change, abs=1e-5), (name, place)
            slope += abs(change)
    assert slope > 0 and total > 0
