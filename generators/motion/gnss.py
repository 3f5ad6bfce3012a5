"""A satellite receiver: where its antenna is, with the errors of satellites, air and houses.

    error = sqrt(h^2) b(t) + 5 m exposure(t) m(t) + white,  for east, north and up each

b      first-order Gauss-Markov of the model's correlation time, in its stationary law from the start
m      reflections between buildings: first-order Gauss-Markov of 5 s, times the share of the horizon that buildings of
       the map within 30 m hide
white  new at each fix

Speed and course come from Doppler: the velocity over ground with white noise of `speed_sigma_mps` on both axes. In a
tunnel of the map there is no fix. What is stated is the standard deviation of the whole error.
"""

import numpy as np
from jaxtyping import Float, Int

from driving_data.draws import named_generator
from driving_data.geometry import SE3
from driving_data.maps.lane_map import LaneMap
from driving_data.positioning import exposure, gauss_markov, inside, map_tunnels
from driving_data.rollout import Rollout
from driving_data.sensors import GnssFixes, GnssModel
from generators.motion.trajectory import ego_motion

MULTIPATH_M, MULTIPATH_TIME_S = 5.0, 5.0
VERTICAL_RATIO = 1.6
_SHADING = ("building", "house", "wall")


def gnss_fixes(
    model: GnssModel, rollout: Rollout, times_ns: Int[np.ndarray, "N"], ego_from_antenna: SE3, seed: int
) -> GnssFixes:
    """Every fix of a receiver; NaN where there was none."""
    motion = ego_motion(rollout, times_ns, ego_from_antenna)
    place = motion.world_from_body.translation_m
    hidden, below = surroundings(rollout.lane_map, place)
    rng = named_generator(seed, model.name, "gnss")
    drawn = rng.standard_normal((len(times_ns), 11))
    slow = np.array([model.horizontal_sigma_m, model.horizontal_sigma_m, model.vertical_sigma_m])
    ratio = np.array([1.0, 1.0, VERTICAL_RATIO])
    error, sigma = np.zeros((len(times_ns), 3)), np.zeros((len(times_ns), 3))
    bias, reflected = np.zeros(3), np.zeros(3)
    for k in range(len(times_ns)):
        gap_s = (times_ns[k] - times_ns[k - 1]) * 1e-9 if k else 0.0
        bias = gauss_markov(bias, drawn[k, 0:3], gap_s / model.correlation_s, k == 0)
        reflected = gauss_markov(reflected, drawn[k, 3:6], gap_s / MULTIPATH_TIME_S, k == 0)
        canyon = MULTIPATH_M * hidden[k] * ratio
        error[k] = slow * bias + canyon * reflected + model.white_sigma_m * drawn[k, 6:9]
        sigma[k] = np.sqrt(slow**2 + canyon**2 + model.white_sigma_m**2)
    velocity = motion.velocity_mps[:, :2] + model.speed_sigma_mps * drawn[:, 9:11]
    gone = below[:, None]
    return GnssFixes(
        receiver=model.name,
        timestamp_ns=times_ns,
        position_m=np.where(gone, np.nan, place + error),
        speed_mps=np.where(below, np.nan, np.linalg.norm(velocity, axis=-1)),
        course_rad=np.where(below, np.nan, np.arctan2(velocity[:, 1], velocity[:, 0])),
        sigma_m=np.where(gone, np.nan, sigma),
        valid=~below,
        clean_position_m=place,
    )


def surroundings(
    lane_map: LaneMap | None, place_m: Float[np.ndarray, "N 3"]
) -> tuple[Float[np.ndarray, "N"], np.ndarray]:
    """Of each place the share of the horizon that buildings hide, and whether it lies in a tunnel."""
    if lane_map is None:
        return np.zeros(len(place_m)), np.zeros(len(place_m), dtype=bool)
    houses = [
        (float(o.position_m[0]), float(o.position_m[1]), o.heading_rad, float(o.size_m[0]), float(o.size_m[1]))
        for o in lane_map.objects
        if o.kind in _SHADING
    ]
    boxes = np.array(houses, dtype=np.float64).reshape(-1, 5)
    tunnels = np.array(map_tunnels(lane_map), dtype=np.float64).reshape(-1, 5)
    hidden = np.array([exposure(place[:2], boxes) for place in place_m], dtype=np.float64)
    below = np.array([inside(place[:2], tunnels) for place in place_m], dtype=bool)
    return hidden, below
