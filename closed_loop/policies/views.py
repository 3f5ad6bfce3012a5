"""What a policy sees, as vectors: the input of networks."""

import numpy as np
from jaxtyping import Float32

from closed_loop.env import encode
from driving_data.ports import Observation

FEATURES = ("ego", "route", "actors", "present", "signal")


def named_features(observation: Observation) -> dict[str, Float32[np.ndarray, "B *shape"]]:
    """What the Gymnasium environment shows, for B worlds; names as in `FEATURES`, see `closed_loop.env`."""
    worlds = [encode(observation, world) for world in range(len(observation.done))]
    return {name: np.stack([world[name] for world in worlds]) for name in FEATURES}


def flat_features(observation: Observation) -> Float32[np.ndarray, "B F"]:
    """The same, flattened and joined in that order: 8 + 20*3 + 16*9 + 16 + 5 = 233 numbers per world."""
    named = named_features(observation)
    return np.concatenate([named[name].reshape(len(observation.done), -1) for name in FEATURES], axis=1)
