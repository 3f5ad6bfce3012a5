"""What a builder of actors hands on: meshes, moving parts, postures; and how they are fitted to the actor's box."""

from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Int

from driving_data.taxonomy import ActorMode
from generators.raytrace.assets.finish import Finish
from generators.raytrace.assets.wheels import wheel
from generators.raytrace.scene import Joint
from generators.raytrace.soup import Point, Soup, bounds, concat, mirrored, moved, recolored, scaled

Size = tuple[float, float, float]
FITTINGS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A rigid part that moves by itself, as it stands at rest in the actor's frame.

    Attributes:
        name: what it is called in labels.
        soup: its triangles.
        joint: how it moves.
        pivot_m: the point that it turns about.
        axis: what it turns about, unit.
        carrier: row of the part that carries it; -1 for the body.
        swing_rad: how far it swings at work, or opens.
        period_s: time of one swing or turn.
        phase: where in its swing it begins, as a share of the period.
        radius_m: of a wheel.
    """

    name: str
    soup: Soup
    joint: Joint
    pivot_m: tuple[float, float, float]
    axis: tuple[float, float, float] = (0.0, 1.0, 0.0)
    carrier: int = -1
    swing_rad: float = 0.0
    period_s: float = 1.0
    phase: float = 0.0
    radius_m: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Posture:
    """Meshes shown instead while a mode holds: one, or several over `period_s` (0: over the gait)."""

    mode: ActorMode
    poses: tuple[Soup, ...]
    period_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One actor: one mesh or several over `stride_m` of travel, moving parts, postures by mode."""

    poses: tuple[Soup, ...]
    stride_m: float = float("inf")
    parts: tuple[Part, ...] = ()
    postures: tuple[Posture, ...] = ()

    def at_rest(self, pose: int = 0) -> Soup:
        """One pose with all parts where they rest."""
        return concat([self.poses[pose], *(part.soup for part in self.parts)])


@dataclass(slots=True)
class Kit:
    """Collects what a vehicle is made of; coordinates as the builder likes, until it is fitted."""

    soups: list[Soup] = field(default_factory=lambda: [])
    parts: list[Part] = field(default_factory=lambda: [])

    def add(self, *soups: Soup) -> None:
        """Fixed pieces."""
        self.soups += soups

    def both(self, *soups: Soup) -> None:
        """Fixed pieces and their mirror images."""
        for soup in soups:
            self.soups += [soup, mirrored(soup)]

    def move(self, part: Part) -> int:
        """A moving part; its row, by which others name it as their carrier."""
        self.parts.append(part)
        return len(self.parts) - 1

    def axle(
        self, x_m: float, track_m: float, radius_m: float, width_m: float, finish: Finish, *, steered: bool = False,
        spokes: int = 5, z_m: float = -1.0,
    ) -> None:  # fmt: skip
        """Left and right wheel; `track_m` over the outer faces; on the ground z = 0 unless `z_m` says where."""
        height = radius_m if z_m < 0 else z_m
        left = wheel(radius_m, width_m, finish, spokes)
        joint = Joint.STEERED if steered else Joint.ROLLS
        for side, soup in ((1, left), (-1, mirrored(left))):
            pivot = (x_m, side * 0.5 * (track_m - width_m), height)
            self.parts.append(Part("wheel", moved(soup, pivot), joint, pivot, radius_m=radius_m))

    def all(self) -> Soup:
        """Everything at rest."""
        return concat([*self.soups, *(part.soup for part in self.parts)])

    def fitted(self, size_m: Size) -> Body:
        """Scaled and moved so that everything at rest has exactly this box about the origin.

        Wheels stay round: along the vehicle they are scaled as they are in height.
        """
        low, high = bounds(self.all())
        wanted = np.asarray(size_m, dtype=np.float64)
        by = wanted / np.maximum(high - low, 1e-6)
        middle = 0.5 * (low + high)
        body = concat(self.soups)
        for _ in range(FITTINGS):
            fixed = scaled(moved(body, -middle), by)
            parts = tuple(_fitted_part(part, middle, by) for part in self.parts)
            reached_low, reached_high = bounds(concat([fixed, *(part.soup for part in parts)]))
            if np.allclose([reached_low, reached_high], [-0.5 * wanted, 0.5 * wanted], rtol=0.0, atol=1e-7):
                break
            # Round wheels at the ends do not stretch with the rest: what is missing is shared out again.
            middle = middle + 0.5 * (reached_low + reached_high) / by
            by = by * wanted / np.maximum(reached_high - reached_low, 1e-6)
        return Body(
            (scaled(moved(body, -middle), by),), parts=tuple(_fitted_part(part, middle, by) for part in self.parts)
        )


def _fitted_part(part: Part, middle: np.ndarray, by: np.ndarray) -> Part:
    pivot = np.asarray(part.pivot_m, dtype=np.float64)
    wheel_like = part.joint in (Joint.ROLLS, Joint.STEERED)
    own = np.array([by[2], by[1], by[2]]) if wheel_like else by
    new = (pivot - middle) * by
    soup = moved(scaled(moved(part.soup, -pivot), own), new)
    return replace(
        part, soup=soup, pivot_m=(float(new[0]), float(new[1]), float(new[2])),
        radius_m=part.radius_m * float(by[2]) if wheel_like else part.radius_m,
    )  # fmt: skip


def painted(body: Body, lookup: Int[np.ndarray, "M"]) -> Body:
    """The same body with every material row replaced by `lookup[row]`."""
    return Body(
        tuple(recolored(pose, lookup) for pose in body.poses), body.stride_m,
        tuple(replace(part, soup=recolored(part.soup, lookup)) for part in body.parts),
        tuple(replace(each, poses=tuple(recolored(pose, lookup) for pose in each.poses)) for each in body.postures),
    )  # fmt: skip


def solid(soup: Soup, size_m: Size) -> Body:
    """A rigid body, fitted to its box."""
    kit = Kit([soup])
    return kit.fitted(size_m)


def hinged(
    name: str, soup: Soup, pivot_m: Point, axis: tuple[float, float, float], swing_rad: float,
    joint: Joint = Joint.WORKS, *, carrier: int = -1, period_s: float = 6.0, phase: float = 0.0,
) -> Part:  # fmt: skip
    """A part on a hinge."""
    x, y, z = (float(value) for value in pivot_m)
    return Part(name, soup, joint, (x, y, z), axis, carrier, swing_rad, period_s, phase)
