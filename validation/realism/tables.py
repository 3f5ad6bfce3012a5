"""What is compared: features with their ranges, bins and weights, one table for each year.

Ranges, bins, pseudo-counts and weights are those published for the Waymo Open Sim Agents Challenge of that year (its
name and its patent stay theirs; this project calls its own metric `likelihood_realism` and makes no claim to give the
challenge's results).
"""

from dataclasses import dataclass

PSEUDO_COUNT = 0.1
BERNOULLI_PSEUDO_COUNT = 0.001


@dataclass(frozen=True, slots=True)
class Feature:
    """One compared quantity.

    Attributes:
        name: as in `features.Features`.
        low: lower end of the histogram; values below are clipped to it.
        high: upper end.
        bins: number of equal bins.
        weight: share of the whole.
        bernoulli: whether it is a yes or no per agent and rollout; then range and bins have no meaning.
    """

    name: str
    low: float
    high: float
    bins: int
    weight: float
    bernoulli: bool = False

    @property
    def pseudo_count(self) -> float:
        """What is added to every bin."""
        return BERNOULLI_PSEUDO_COUNT if self.bernoulli else PSEUDO_COUNT


def _yes_no(name: str, weight: float) -> Feature:
    return Feature(name, -0.5, 1.5, 2, weight, bernoulli=True)


_TABLE_2023 = (
    Feature("linear_speed", 0.0, 35.0, 10, 0.09),
    Feature("linear_acceleration", -15.0, 15.0, 10, 0.09),
    Feature("angular_speed", -31.5, 31.5, 10, 0.09),
    Feature("angular_acceleration", -31.5, 31.5, 10, 0.09),
    Feature("nearest_distance", -5.0, 40.0, 10, 0.09),
    _yes_no("collision", 0.18),
    Feature("time_to_collision", 0.0, 5.0, 10, 0.09),
    Feature("road_edge_distance", -20.0, 40.0, 10, 0.09),
    _yes_no("off_road", 0.18),
)


def _later(edge_weight: float) -> tuple[Feature, ...]:
    return (
        Feature("linear_speed", 0.0, 25.0, 10, 0.05),
        Feature("linear_acceleration", -12.0, 12.0, 11, 0.05),
        Feature("angular_speed", -0.628, 0.628, 11, 0.05),
        Feature("angular_acceleration", -3.14, 3.14, 11, 0.05),
        Feature("nearest_distance", -5.0, 40.0, 10, 0.10),
        _yes_no("collision", 0.25),
        Feature("time_to_collision", 0.0, 5.0, 10, 0.10),
        Feature("road_edge_distance", -20.0, 40.0, 10, edge_weight),
        _yes_no("off_road", 0.25),
    )


TABLES: dict[int, tuple[Feature, ...]] = {
    2023: _TABLE_2023,
    2024: (*_later(0.10), _yes_no("signal_violation", 0.0)),
    2025: (*_later(0.05), _yes_no("signal_violation", 0.05)),
}
"""Features by year. The weights of 2023 add up to 0.99, as published; those of 2024 and 2025 to 1."""
