"""Training of the imitation driver: windows driven again, the distance from the log made small. Needs torch.

The network is driven along each window for its whole length and the distance from the logged places is followed back
through all steps, so that it learns not to drift rather than to guess single accelerations.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driving_data.errors import RoadloomError
from driving_data.rollout import Rollout
from scenarios.concrete import Driver
from sim_bridge.embedded.layout import MAX_HIDDEN
from sim_bridge.imitation.evaluation import constant_velocity, errors_of, idm_law, learned_law, split
from sim_bridge.imitation.samples import Windows, features, seen, windows_of
from sim_bridge.imitation.weights import Weights


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How the imitation driver is trained.

    Attributes:
        hidden: width of both hidden layers, at most 16.
        epochs: passes over all windows.
        learning_rate: of Adam.
        weight_decay: pulls weights to zero.
        horizon_s: length of the windows.
        smoothness: weight of squared accelerations, in m per (m/s^2)^2.
    """

    hidden: int = MAX_HIDDEN
    epochs: int = 250
    learning_rate: float = 1e-2
    weight_decay: float = 1e-3
    horizon_s: float = 3.0
    smoothness: float = 0.01


def train_imitation(
    rollouts: Sequence[Rollout], seed: int, options: TrainingOptions | None = None, sources: str = ""
) -> Weights:
    """Trains a driver on logs; two thirds of the vehicles are learned from, the card has the errors on the others.

    `sources`: what the logs are and under which licence, for the card. The same logs and seed give the same weights on
    one platform.

    Raises:
        RoadloomError: torch is not installed.
        ValueError: the logs hold no window to learn from.
    """
    chosen = options or TrainingOptions()
    windows = windows_of(rollouts, chosen.horizon_s)
    learn, held = split(windows)
    weights = _fit(learn, seed, chosen)
    card = card_of(weights, learn, held, seed, chosen, sources)
    return Weights(
        weights.mean, weights.scale, weights.w1, weights.b1, weights.w2, weights.b2, weights.w3, weights.b3, card
    )


def card_of(
    weights: Weights, learn: Windows, held: Windows, seed: int, options: TrainingOptions, sources: str
) -> dict[str, Any]:
    """The card of weights: where they come from and how well they do on vehicles they have not seen."""
    laws = {"learned": learned_law(weights), "constant_velocity": constant_velocity, "idm": idm_law(Driver())}
    found = {name: errors_of(held, law) for name, law in laws.items()}
    return {
        "model": f"perceptron 10-{options.hidden}-{options.hidden}-1, tanh, acceleration in m/s^2",
        "sources": sources,
        "seed": seed,
        "horizon_s": options.horizon_s,
        "windows_learned": len(learn),
        "windows_held_out": len(held),
        "vehicles_learned": len(np.unique(learn.vehicle)),
        "vehicles_held_out": len(np.unique(held.vehicle)),
        "final_error_m": {name: round(errors.final_m, 4) for name, errors in found.items()},
        "mean_error_m": {name: round(errors.mean_m, 4) for name, errors in found.items()},
    }


def _torch() -> Any:
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise RoadloomError("training a driver needs torch: pip install 'roadloom[learn]'") from error


def _fit(windows: Windows, seed: int, options: TrainingOptions) -> Weights:
    torch = _torch()
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    logged = np.concatenate([
        features(windows.speed_mps[:, k], windows.desired_mps, *seen(windows, k, windows.s_m[:, k]))
        for k in range(windows.s_m.shape[1])
    ])  # fmt: skip
    mean, scale = logged.mean(axis=0), np.maximum(logged.std(axis=0), 1e-2)
    n, h = logged.shape[1], options.hidden
    shapes = [(h, n), (h,), (h, h), (h,), (1, h), (1,)]
    # Drawn with numpy, so that the start does not depend on torch's own generator.
    start = [rng.normal(0.0, 1.0 / np.sqrt(shape[-1]) if len(shape) > 1 else 0.0, shape) for shape in shapes]
    numbers = [torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in start]
    optimizer = torch.optim.AdamW(numbers, lr=options.learning_rate, weight_decay=options.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs)
    for _ in range(options.epochs):
        optimizer.zero_grad()
        _loss(torch, windows, numbers, torch.tensor(mean), torch.tensor(scale), options.smoothness).backward()
        torch.nn.utils.clip_grad_norm_(numbers, 1.0)
        optimizer.step()
        schedule.step()
    w1, b1, w2, b2, w3, b3 = (array.detach().numpy().astype(np.float32).astype(np.float64) for array in numbers)
    return Weights(
        mean.astype(np.float32).astype(np.float64), scale.astype(np.float32).astype(np.float64), w1, b1, w2, b2, w3, b3
    )


def _loss(torch: Any, windows: Windows, numbers: list[Any], mean: Any, scale: Any, smoothness: float) -> Any:
    """Mean distance from the logged places, with the smoothness term; gradients run through the driver's own place.

    What it sees beside its way (neighbours, curves) is taken at the place that it has reached, without gradient.
    """
    w1, b1, w2, b2, w3, b3 = numbers
    s, v = torch.tensor(windows.s_m[:, 0]), torch.tensor(np.maximum(windows.speed_mps[:, 0], 0.0))
    desired = torch.tensor(windows.desired_mps)
    total, steps = torch.zeros((), dtype=torch.float64), windows.s_m.shape[1] - 1
    for k in range(steps):
        x = _features(torch, windows, k, s, v, desired)
        hidden = torch.tanh((x - mean) / scale @ w1.T + b1)
        accel = torch.clamp(torch.tanh(hidden @ w2.T + b2) @ w3[0] + b3[0], -8.0, 3.0)
        end = torch.clamp(v + accel * windows.step_s, min=0.0)
        s = s + 0.5 * (v + end) * windows.step_s
        v = end
        away = torch.abs(s - torch.tensor(windows.s_m[:, k + 1]))
        total = total + away.mean() + smoothness * (accel**2).mean()
    return total / steps


def _features(torch: Any, windows: Windows, k: int, s: Any, v: Any, desired: Any) -> Any:
    """Inputs of the network as tensors, equal to `samples.features`."""
    gap, lead, left, right, bend = seen(windows, k, s.detach().numpy())
    has = torch.tensor(gap < 150.0)
    tail = torch.tensor(np.where(np.isfinite(gap), gap, 1e6)) + s.detach()
    space = torch.where(has, tail - s, torch.full_like(s, 150.0))
    closing = torch.where(has, v - torch.tensor(lead), torch.zeros_like(v))
    near = torch.clamp(space, min=1.0)
    sides = [torch.tensor(np.minimum(side, 150.0) / 150.0) for side in (left, right)]
    return torch.stack(
        [
            0.1 * v, torch.clamp(v / torch.clamp(desired, min=1.0), max=2.0), torch.clamp(space, max=150.0) / 150.0,
            0.1 * closing, torch.clamp(closing / near, -2.0, 2.0),
            torch.where(has, torch.clamp(v / near, max=3.0), torch.zeros_like(v)), *sides,
            torch.clamp(v * v * torch.tensor(np.abs(bend)) / 2.0, max=4.0), has.to(torch.float64),
        ],
        dim=-1,
    )  # fmt: skip
