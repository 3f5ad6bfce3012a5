"""Panoptic numbers: class * 1000 + instance, for pictures and for lidar points.

The instance is the actor's number (its index + 1), 0 for what is no actor: stuff. A rider and the bicycle below are
two segments of one actor, as their classes differ. The convention is that of Cityscapes and nuScenes-panoptic.
"""

import numpy as np
from jaxtyping import Int, UInt8, UInt16

from driving_data.errors import Fault, InputError

PER_CLASS = 1000


def panoptic_ids(semantic: UInt8[np.ndarray, "*n"], instance: UInt16[np.ndarray, "*n"]) -> Int[np.ndarray, "*n"]:
    """Class * 1000 + instance.

    Raises:
        InputError: an instance has a number of 1000 or more, which the convention cannot hold.
    """
    highest = int(instance.max(initial=0))
    if highest >= PER_CLASS:
        fault = Fault("", 0, 0, "instance", "too-many-instances", str(highest), f"numbers below {PER_CLASS}")
        raise InputError([fault])
    return semantic.astype(np.int64) * PER_CLASS + instance.astype(np.int64)


def class_and_instance(ids: Int[np.ndarray, "*n"]) -> tuple[UInt8[np.ndarray, "*n"], UInt16[np.ndarray, "*n"]]:
    """What `panoptic_ids` was made from."""
    return (ids // PER_CLASS).astype(np.uint8), (ids % PER_CLASS).astype(np.uint16)
