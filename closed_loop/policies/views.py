"""What a policy sees, as vectors: the input of networks."""

import numpy as np
from jaxtyping import Float32

from closed_loop.environment.vectors import SHAPES, encode_vectors, flatten
from driving_data.ports import Observation

FEATURES = tuple(SHAPES)


def named_features(observation: Observation) -> dict[str, Float32[np.ndarray, "B *shape"]]:
    """What the Gymnasium environment shows, for B worlds; names as in `FEATURES`."""
    return encode_vectors(observation)


def flat_features(observation: Observation) -> Float32[np.ndarray, "B F"]:
    """The same, flattened and joined in that order: 8 + 20*3 + 16*9 + 16 + 5 = 233 numbers per world."""
    return flatten(encode_vectors(observation))
