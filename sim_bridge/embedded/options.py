"""What a user may choose about the embedded simulator."""

from dataclasses import dataclass

from driving_data.errors import nearest_name
from sim_bridge.embedded.vehicles import VEHICLES

EGO_MODELS = ("kinematic", "dynamic")
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """Choices of the embedded simulator; the defaults are those of a passenger car.

    Attributes:
        num_threads: threads over which the worlds of a batch are spread; the result does not depend on it.
        max_steering_rad: largest road-wheel angle of the ego.
        steering_rate_radps: fastest change of that angle.
        max_acceleration_mps2: strongest drive of the ego; braking is limited by the road's friction.
        acceleration_lag_s: time constant with which the ego's acceleration follows its command; 0 for none.
        steering_lag_s: the same for steering.
        acceleration_noise_mps2: standard deviation of what imperfect drivers of other actors add, from the seed.
        device: 'cpu', or 'cuda' for an NVIDIA GPU (extra `cuda`), which agrees to rounding.
        records: whether every moment is kept for rollouts; without, long runs of many worlds need little memory.
        ends_at_goal: whether a world ends when its ego reaches the goal.
        ego_model: 'kinematic' (bicycle within the friction circle; fast) or 'dynamic' (tyres that slip, load transfer,
            drag, slopes); see `docs/dynamics.md`.
        ego_vehicle: name of a parameter set in `vehicles.VEHICLES`; empty takes the usual one of the ego's class.
        dead_time_s: pure delay before a command reaches the ego's actuators.
        feeds_forward: whether a dynamic ego makes up for drag, rolling resistance and slopes, so that it gets the
            acceleration that it asks for; else they slow it down.
        localizes: whether every ego has satellite positioning and odometry (`Observation.localization`), as the
            leaf `positioning` gives to those whose scenario has it; see `docs/localization.md`.
        paths_need_grip: whether actors on paths speed up and brake no harder than the road's friction allows beside
            what their bend needs; the first wish beyond it is told as the event `grip_limit`.
        feels_trailer: whether the trailer of a dynamic ego acts on it; else it only follows along a tractrix.
        bodies: whether riders lean, weave and have the power of their legs or motors, and people speed up, turn and
            step aside as people do; else both keep only to the acceleration limits of their class.
    """

    num_threads: int = 1
    max_steering_rad: float = 0.6
    steering_rate_radps: float = 0.8
    max_acceleration_mps2: float = 4.0
    acceleration_lag_s: float = 0.2
    steering_lag_s: float = 0.05
    acceleration_noise_mps2: float = 0.0
    ends_at_goal: bool = True
    device: str = "cpu"
    records: bool = True
    ego_model: str = "kinematic"
    ego_vehicle: str = ""
    dead_time_s: float = 0.0
    feeds_forward: bool = True
    localizes: bool = False
    paths_need_grip: bool = True
    feels_trailer: bool = True
    bodies: bool = False

    def __post_init__(self) -> None:
        """Refuses what no model is called and what no clock can do."""
        for name, given, known in (
            ("ego_model", self.ego_model, EGO_MODELS),
            ("device", self.device, DEVICES),
            ("ego_vehicle", self.ego_vehicle, ("", *VEHICLES)),
        ):
            if given not in known:
                near = nearest_name(given, known)
                hint = f"; did you mean {near!r}?" if near else ""
                raise ValueError(f"{name}: {given!r} is none of {', '.join(k for k in known if k)}{hint}")
        if not 0.0 <= self.dead_time_s <= 10.0:
            raise ValueError(f"dead_time_s: {self.dead_time_s:g} s is not between 0 and 10 s")
