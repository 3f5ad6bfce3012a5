"""What a user may choose about the embedded simulator."""

from dataclasses import dataclass

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

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise ValueError(f"device {self.device!r} is none of {', '.join(map(repr, DEVICES))}")
