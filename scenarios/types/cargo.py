"""What falls off vehicles and how large their doors are, where nothing else is said.

A EUR pallet measures 1.2 m by 0.8 m by 0.144 m and weighs 25 kg (EN 13698-1); the others are usual sizes.
"""

from collections.abc import Mapping

# length, width, height, mass
CARGO: Mapping[str, tuple[tuple[float, float, float], float]] = {
    "box": ((0.6, 0.5, 0.5), 15.0), "plank": ((3.0, 0.25, 0.05), 12.0), "pallet": ((1.2, 0.8, 0.144), 25.0),
    "tyre": ((1.0, 1.0, 0.3), 55.0), "ladder": ((3.0, 0.4, 0.1), 12.0), "mattress": ((2.0, 1.4, 0.25), 25.0),
    "gravel": ((1.5, 1.5, 0.15), 200.0),
}  # fmt: skip
DOOR_SIZE_M, DOOR_KG = (1.05, 0.1, 1.2), 25.0
SIDES = ("left", "right", "rear")
