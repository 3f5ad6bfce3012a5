"""One world of a batch, and batches joined."""

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from driving_data.ports import Control, Observation


def one_world(observation: Observation, world: int) -> Observation:
    """The observation of one world, as a batch of one."""
    arrays = {
        field.name: getattr(observation, field.name)[world : world + 1]
        for field in fields(observation)
        if isinstance(getattr(observation, field.name), (np.ndarray, tuple))
    }
    return replace(observation, **arrays)


def joined(controls: Sequence[Control]) -> Control:
    """Controls of several batches as those of one."""
    return Control(
        np.concatenate([control.acceleration_mps2 for control in controls]),
        np.concatenate([control.steering_rad for control in controls]),
    )
