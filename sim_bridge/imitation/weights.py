"""Numbers of a learned driver: read and written as npz with a card, evaluated without torch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from driving_data.errors import RoadloomError
from sim_bridge.embedded.layout import MAX_HIDDEN, NUM_FEATURES

SHIPPED = Path(__file__).resolve().parent / "data"
DEFAULT = "ngsim"
ARRAYS = ("mean", "scale", "w1", "b1", "w2", "b2", "w3", "b3")
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A perceptron with two hidden layers of tanh, from ten features to an acceleration in m/s^2.

    Attributes:
        mean: of the inputs, shape (10,).
        scale: their spread, positive, shape (10,).
        w1: shape (h, 10).
        b1: shape (h,).
        w2: shape (h, h).
        b2: shape (h,).
        w3: shape (1, h).
        b3: shape (1,).
        card: plain data: what it was trained on, with which licence and seed, its errors.
    """

    mean: Float[np.ndarray, "10"]
    scale: Float[np.ndarray, "10"]
    w1: Float[np.ndarray, "h 10"]
    b1: Float[np.ndarray, "h"]
    w2: Float[np.ndarray, "h h"]
    b2: Float[np.ndarray, "h"]
    w3: Float[np.ndarray, "1 h"]
    b3: Float[np.ndarray, "1"]
    card: Mapping[str, Any] = field(default_factory=lambda: {})

    def __post_init__(self) -> None:
        if len(self.b1) > MAX_HIDDEN:
            raise ValueError(f"the kernels run at most {MAX_HIDDEN} hidden units, not {len(self.b1)}")
        if not (self.scale > 0.0).all():
            raise ValueError("the spread of every input must be positive")

    def numbers(self) -> Float[np.ndarray, "n"]:
        """As the kernels take them: sizes first, then each array row by row."""
        parts = [self.mean, self.scale, self.w1, self.b1, self.w2, self.b2, self.w3, self.b3]
        sizes = np.array([NUM_FEATURES, len(self.b1)], dtype=np.float64)
        return np.concatenate([sizes, *(np.asarray(part, dtype=np.float64).ravel() for part in parts)])

    def acceleration(self, features: Float[np.ndarray, "*n 10"]) -> Float[np.ndarray, "*n"]:
        """Output for rows of features, in m/s^2, not held to any bounds."""
        hidden = np.tanh((features - self.mean) / self.scale @ self.w1.T + self.b1)
        hidden = np.tanh(hidden @ self.w2.T + self.b2)
        return np.asarray(hidden @ self.w3[0] + self.b3[0])

    def save(self, path: Path) -> None:
        """Writes an npz file; the card stands in it as JSON text."""
        arrays = {"mean": self.mean, "scale": self.scale, "w1": self.w1, "b1": self.b1, "w2": self.w2, "b2": self.b2,
                  "w3": self.w3, "b3": self.b3}  # fmt: skip
        card = np.frombuffer(json.dumps(dict(self.card), sort_keys=True).encode(), dtype=np.uint8)
        small: dict[str, Any] = {name: array.astype(np.float32) for name, array in arrays.items()}
        with path.open("wb") as file:
            np.savez(file, card=card, **small)


def load_weights(name: str = "") -> Weights:
    """Weights that are shipped, by name, or of an npz file, by its path; the shipped default for an empty name.

    Raises:
        RoadloomError: there is no such set, or the file holds something else.
    """
    shipped = SHIPPED / f"{name or DEFAULT}.npz"
    path = shipped if shipped.is_file() else Path(name)
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.npz"))) or "none"
        raise RoadloomError(f"no weights {name!r}: neither shipped ({known}) nor a file")
    if path.stat().st_size > MAX_BYTES:
        raise RoadloomError(f"{path}: weights of a driver are smaller than {MAX_BYTES} bytes")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: np.asarray(file[key], dtype=np.float64) for key in ARRAYS}
            card = json.loads(bytes(file["card"]).decode())
        return Weights(
            arrays["mean"], arrays["scale"], arrays["w1"], arrays["b1"], arrays["w2"], arrays["b2"], arrays["w3"],
            arrays["b3"], card,
        )  # fmt: skip
    except (KeyError, ValueError, OSError) as error:
        raise RoadloomError(f"{path}: no weights of a driver ({error})") from error
