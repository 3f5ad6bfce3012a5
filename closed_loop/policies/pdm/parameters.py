"""What the planner may be told."""

from dataclasses import dataclass, field

from closed_loop.tracking import LqrParameters


@dataclass(frozen=True, slots=True)
class PdmIdm:
    """Car following of the proposals: a (1 - (v / v0)^delta - (s* / s)^2), cut to [-b, a]; gaps below s0 count as s0.

    Attributes:
        min_gap_m: s0.
        headway_s: T.
        max_acceleration_mps2: a.
        braking_mps2: b, a magnitude.
        exponent: delta.
        fallback_mps: speed limit where the map has none.
    """

    min_gap_m: float = 1.0
    headway_s: float = 1.5
    max_acceleration_mps2: float = 1.5
    braking_mps2: float = 3.0
    exponent: float = 10.0
    fallback_mps: float = 15.0


@dataclass(frozen=True, slots=True)
class EmergencyBrake:
    """When the plan is thrown away for braking.

    Attributes:
        enabled: whether it ever is.
        within_s: an at-fault contact at most so far ahead,
        max_speed_mps: at no more than this speed of the ego.
        braking_mps2: of the stop, a magnitude.
    """

    enabled: bool = True
    within_s: float = 2.0
    max_speed_mps: float = 5.0
    braking_mps2: float = 4.05


@dataclass(frozen=True, slots=True)
class PdmParameters:
    """Defaults as published for PDM-Closed (Dauner et al., CoRL 2023; tuplan_garage, pdm_closed_planner).

    Attributes:
        fractions: of the speed limit; each with each offset makes a proposal.
        offsets_m: to the left of the route.
        idm: car following.
        emergency: emergency brake.
        tracker: of roll-outs and of the chosen plan; its wheelbase is the ego's own.
        rollout_s: how long proposals are simulated and scored.
        plan_s: length of the plan that is tracked.
        step_s: of both.
        progress_weight: w of the progress,
        ttc_weight: of the time to collision,
        comfort_weight: of the comfort.
        least_progress_m: where no collision-free proposal gets farther, progress counts as full.
        swath_margin_m: the swath in which others lead is wider than the ego by this on both sides.
        yellow_braking_mps2: one stops at yellow if this braking is enough.
    """

    fractions: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8, 1.0)
    offsets_m: tuple[float, ...] = (0.0, 1.0, -1.0)
    idm: PdmIdm = PdmIdm()
    emergency: EmergencyBrake = EmergencyBrake()
    tracker: LqrParameters = field(default_factory=LqrParameters)
    rollout_s: float = 4.0
    plan_s: float = 8.0
    step_s: float = 0.1
    progress_weight: float = 5.0
    ttc_weight: float = 5.0
    comfort_weight: float = 2.0
    least_progress_m: float = 0.1
    swath_margin_m: float = 0.0
    yellow_braking_mps2: float = 3.0

    def __post_init__(self) -> None:
        if not self.fractions or not self.offsets_m:
            raise ValueError("at least one fraction and one offset make a proposal")
        if not 1.0 < self.rollout_s <= self.plan_s:
            raise ValueError(f"rollout_s must be over 1 s and at most plan_s, not {self.rollout_s}, {self.plan_s}")
        if not self.step_s > 0:
            raise ValueError(f"step_s must be positive, not {self.step_s}")
