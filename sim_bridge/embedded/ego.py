"""The ego's part of the constants of a world: limits of its actuators, its model, its parameter set."""

import numpy as np
from jaxtyping import Float

from driving_data.taxonomy import ActorClass
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.options import EGO_MODELS, EmbeddedOptions
from sim_bridge.embedded.vehicles import VEHICLES, Vehicle, usual_vehicle


def ego_vehicle(kind: ActorClass, wheelbase_m: float, options: EmbeddedOptions, tows: bool = False) -> Vehicle:
    """The parameter set of the ego, stretched to its wheelbase."""
    vehicle = VEHICLES[options.ego_vehicle] if options.ego_vehicle else usual_vehicle(kind, tows)
    return vehicle.fitted(wheelbase_m)


def fill_ego(values: Float[np.ndarray, "wf"], vehicle: Vehicle, options: EmbeddedOptions) -> None:
    """Writes what the ego's models read into the constants of a world."""
    values[at.EGO_MAX_STEER], values[at.EGO_STEER_RATE] = options.max_steering_rad, options.steering_rate_radps
    values[at.EGO_MAX_ACCEL], values[at.EGO_ACCEL_LAG] = options.max_acceleration_mps2, options.acceleration_lag_s
    values[at.EGO_STEER_LAG] = options.steering_lag_s
    values[at.EGO_DEAD_TIME], values[at.EGO_FEEDS_FORWARD] = options.dead_time_s, float(options.feeds_forward)
    values[at.V_FIRST : at.T_FIRST] = vehicle.row()


def model_number(options: EmbeddedOptions) -> int:
    """The number of the ego's model, `MODEL_*` of `layout`."""
    return EGO_MODELS.index(options.ego_model)
