"""One moment of one world as its senses see it: plain arrays, copied out of the packed batch."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from sim_bridge.embedded.layout import (
    ALONG,
    COMMAND,
    GX,
    GY,
    HIT,
    STEP,
    VALID,
    VX,
    VY,
    YAW,
    YAW_RATE,
    Batch,
    X,
    Y,
    Z,
)


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What is true now of A actors and S signals; NaN for who is not there.

    Attributes:
        step: steps since the start.
        time_ns: since the start.
        ground_m: below the box centres, shape (A, 3).
        slope: rise of the ground towards east and north, shape (A, 2).
        yaw_rad: shape (A,).
        speed_mps: along the heading, shape (A,).
        acceleration_mps2: along the heading, shape (A,).
        yaw_rate_radps: shape (A,).
        braking: whether the brakes are asked for, shape (A,).
        valid: shape (A,).
        hit: whether it has collided, shape (A,).
        signal: states of the lights, shape (S,).
    """

    step: int
    time_ns: int
    ground_m: Float[np.ndarray, "A 3"]
    slope: Float[np.ndarray, "A 2"]
    yaw_rad: Float[np.ndarray, "A"]
    speed_mps: Float[np.ndarray, "A"]
    acceleration_mps2: Float[np.ndarray, "A"]
    yaw_rate_radps: Float[np.ndarray, "A"]
    braking: Bool[np.ndarray, "A"]
    valid: Bool[np.ndarray, "A"]
    hit: Bool[np.ndarray, "A"]
    signal: Int[np.ndarray, "S"]


def moment_of(batch: Batch, world: int, num_actors: int, num_signals: int, timestamps_ns: np.ndarray) -> Moment:
    """The present moment of one world of a batch."""
    state, flags = batch.state[world, :, :num_actors], batch.flags[world, :, :num_actors]
    valid = flags[VALID] == 1
    state = np.where(valid, state, np.nan)
    step = int(batch.run[world, STEP])
    yaw = state[YAW]
    return Moment(
        step=step,
        time_ns=int(timestamps_ns[step] - timestamps_ns[0]),
        ground_m=np.stack([state[X], state[Y], state[Z]], axis=-1),
        slope=np.stack([state[GX], state[GY]], axis=-1),
        yaw_rad=yaw,
        speed_mps=state[VX] * np.cos(yaw) + state[VY] * np.sin(yaw),
        acceleration_mps2=state[ALONG],
        yaw_rate_radps=state[YAW_RATE],
        braking=state[COMMAND] < -0.5,
        valid=valid,
        hit=flags[HIT] == 1,
        signal=batch.signal[world, :num_signals].copy(),
    )
