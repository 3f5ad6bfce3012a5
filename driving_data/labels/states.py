"""Labels that tell how things are: lights and signs, modes of machines and people, light and weather."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int


@dataclass(frozen=True, slots=True, eq=False)
class ControlLabels:
    """Traffic lights, signs and flaggers, one row per device and labelled moment.

    Attributes:
        step: index into the rollout's moments, shape (N,).
        device: id in the lane map, or actor id of a flagger, N of them.
        kind: 'traffic_light', 'portable_light', 'flagger', or the kind of sign, N of them.
        state: what it says: a `SignalState` name, a gesture, the sign's value, N of them.
        in_force: whether traffic must heed it now: not where a flagger overrides it, shape (N,).
        temporary: whether road works put it there, shape (N,).
        applies_to_ego: whether it stands on the ego's route, shape (N,).
        frame: picture of each 2D box, shape (M,).
        row: row of the columns above that each 2D box belongs to, shape (M,).
        box_px: x_min, y_min, x_max, y_max of what is seen of its face (max exclusive), shape (M, 4).
    """

    step: Int[np.ndarray, "N"]
    device: tuple[str, ...]
    kind: tuple[str, ...]
    state: tuple[str, ...]
    in_force: Bool[np.ndarray, "N"]
    temporary: Bool[np.ndarray, "N"]
    applies_to_ego: Bool[np.ndarray, "N"]
    frame: Int[np.ndarray, "M"]
    row: Int[np.ndarray, "M"]
    box_px: Float32[np.ndarray, "M 4"]


@dataclass(frozen=True, slots=True, eq=False)
class ConditionLabels:
    """Light, weather and road works around the ego, one row per labelled moment.

    Attributes:
        step: index into the rollout's moments, shape (N,).
        illuminance_lux: on a level surface at the ego, shape (N,).
        sun_elevation_rad: shape (N,).
        rain_mmph: shape (N,).
        snow_mmph: shape (N,).
        fog_visibility_m: shape (N,).
        road_wetness: shape (N,).
        in_tunnel: shape (N,).
        work_zone_phase: '' outside, else 'advance_warning', 'transition', 'activity' or 'termination', N of them.
        jurisdiction: whose rules hold, N of them.
        surface: what the ego's wheels are on, N of them.
    """

    step: Int[np.ndarray, "N"]
    illuminance_lux: Float[np.ndarray, "N"]
    sun_elevation_rad: Float[np.ndarray, "N"]
    rain_mmph: Float[np.ndarray, "N"]
    snow_mmph: Float[np.ndarray, "N"]
    fog_visibility_m: Float[np.ndarray, "N"]
    road_wetness: Float[np.ndarray, "N"]
    in_tunnel: Bool[np.ndarray, "N"]
    work_zone_phase: tuple[str, ...]
    jurisdiction: tuple[str, ...]
    surface: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class IlluminationLabels:
    """How much of each 3D box can be made out in the present light; rows as in `Labels.boxes_3d`.

    Attributes:
        illuminance_lux: mean on the surfaces that face the ego, shape (N,).
        lit_fraction: part of the visible pixels over all cameras that stand out of the dark, shape (N,).
        frame: picture of each illuminated extent, shape (M,).
        row: row of `Labels.boxes_3d`, shape (M,).
        box_px: x_min, y_min, x_max, y_max around the lit visible pixels (max exclusive), shape (M, 4).
    """

    illuminance_lux: Float[np.ndarray, "N"]
    lit_fraction: Float[np.ndarray, "N"]
    frame: Int[np.ndarray, "M"]
    row: Int[np.ndarray, "M"]
    box_px: Float32[np.ndarray, "M 4"]
