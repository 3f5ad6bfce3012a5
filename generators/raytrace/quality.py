"""How light is worked out: fast, or slowly and well."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quality:
    """How light is worked out.

    Attributes:
        samples: paths of each pixel; 0 for the fast picture, whose light is one ray, its shadow, a mirror image and an
            estimate of what else comes in.
        bounces: how often a path goes on after its first surface.
    """

    samples: int = 0
    bounces: int = 2

    def __post_init__(self) -> None:
        if self.samples < 0 or self.bounces < 0:
            raise ValueError(f"samples {self.samples}, bounces {self.bounces}; expected neither below 0")


FAST = Quality()
