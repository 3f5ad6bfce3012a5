"""Film strips: moments of a rollout from above, side by side, drawn with Pillow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
import shapely.ops
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from closed_loop.report.birdseye import scene_data
from driving_data.rollout import Rollout

Color = tuple[int, int, int]

COLORS: dict[str, Color] = {
    "ego": (15, 139, 141), "car": (74, 111, 165), "heavy": (75, 72, 134), "two_wheeler": (143, 84, 176),
    "person": (214, 69, 80), "static": (232, 140, 48), "other": (120, 128, 140),
}  # fmt: skip
GROUND, ROAD, SIDE, STRIPE = (236, 239, 233), (90, 96, 106), (205, 203, 195), (150, 154, 162)
KERB, YELLOW, WHITE, INK = (170, 168, 162), (236, 200, 90), (255, 255, 255), (40, 44, 52)
OVERSAMPLE = 3
VIEW_CM = 8000.0
AHEAD_CM = 1500.0
GAP_PX = 6


def film_strip(
    rollout: Rollout, num_frames: int = 4, width_px: int = 300, height_px: int = 190
) -> UInt8[np.ndarray, "H W 3"]:
    """Moments of a rollout side by side, with the way that the ego has come and the time."""
    return film_of(scene_data(rollout), num_frames, width_px, height_px)


def film_of(
    data: dict[str, Any],
    num_frames: int = 4,
    width_px: int = 300,
    height_px: int = 190,
    until_s: float | None = None,
    lead_s: float = 4.0,
) -> UInt8[np.ndarray, "H W 3"]:
    """The strip of a scene that `birdseye.scene_data` made.

    Args:
        data: the scene.
        num_frames: how many moments.
        width_px: of one moment.
        height_px: of one moment.
        until_s: the moment that the last picture shows, as that of a failure; the whole scene is shown where None.
        lead_s: how long before that the first picture is.
    """
    first, last = 0, data["num"] - 1
    if until_s is not None:
        last = int(np.clip(round(until_s / data["step_s"]), 0, last))
        first = max(0, last - round(lead_s / data["step_s"]))
    picked = np.unique(np.round(np.linspace(first, last, num_frames)).astype(int))
    gap = np.full((height_px, GAP_PX, 3), 255, dtype=np.uint8)
    tiles = [_tile(data, int(k), width_px, height_px) for k in picked]
    return np.concatenate([part for tile in tiles for part in (tile, gap)][:-1], axis=1)


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws in centimetres of the scene around a middle."""

    draw: ImageDraw.ImageDraw
    middle_cm: tuple[float, float]
    scale: float
    size_px: tuple[int, int]

    def screen(self, values: Sequence[Any]) -> list[tuple[float, float]]:
        """Pixels of points given as x, y, x, y, ..."""
        points = np.asarray(values, dtype=np.float64).reshape(-1, 2) - self.middle_cm
        places = points * self.scale * [1, -1] + np.asarray(self.size_px) / 2
        return [(float(x), float(y)) for x, y in places]

    def area(self, rings: Sequence[Sequence[Any]], color: Color) -> None:
        """A polygon with holes."""
        self.draw.polygon(self.screen(rings[0]), fill=color)
        for hole in rings[1:]:
            self.draw.polygon(self.screen(hole), fill=GROUND)

    def line(self, points: Sequence[Any], color: Color, width: int = 1) -> None:
        """A line."""
        if len(points) >= 4:
            self.draw.line(self.screen(points), fill=color, width=width * OVERSAMPLE, joint="curve")


def _tile(data: dict[str, Any], k: int, width_px: int, height_px: int) -> np.ndarray:
    """One moment, drawn large and shrunk, so that edges are smooth."""
    ego = next(actor for actor in data["actors"] if actor["group"] == "ego")
    seen = _last_known(ego["x"], k)
    heading = _at(ego["h"], seen) / 1000.0
    middle = _at(ego["x"], seen) + AHEAD_CM * np.cos(heading), _at(ego["y"], seen) + AHEAD_CM * np.sin(heading)
    size = width_px * OVERSAMPLE, height_px * OVERSAMPLE
    image = Image.new("RGB", size, GROUND)
    pen = _Pen(ImageDraw.Draw(image), middle, size[0] / VIEW_CM, size)
    _draw_map(pen, data["map"])
    _draw_plates(pen, data["map"]["plates"])
    way = [(_at(ego["x"], j), _at(ego["y"], j)) for j in range(k + 1)]
    pen.line([value for x, y in way if x is not None for value in (x, y)], COLORS["ego"], 2)
    for actor in sorted(data["actors"], key=lambda a: a["group"] == "ego"):
        if _at(actor["x"], k) is not None:
            pen.draw.polygon(
                pen.screen(_box(actor, k, OVERSAMPLE / pen.scale)), fill=COLORS[actor["group"]], outline=WHITE, width=1
            )
    _draw_time(pen, k * data["step_s"])
    return np.asarray(image.resize((width_px, height_px), Image.Resampling.LANCZOS))


def _draw_map(pen: _Pen, road: dict[str, Any]) -> None:
    for name, color in (("side", SIDE), ("road", ROAD), ("crossings", STRIPE)):
        for rings in road[name]:
            pen.area(rings, color)
    for mark in road["marks"]:
        color = KERB if mark["kind"] == "kerb" else YELLOW if mark["color"] == "yellow" else WHITE
        for piece in _dashes(mark["p"]) if mark["kind"] == "broken" else [mark["p"]]:
            pen.line(piece, color)


def _corners(count: int, first_rad: float) -> np.ndarray:
    """Corners of a plate round its middle, in units of its radius."""
    angle = first_rad + 2.0 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


PLATE_RADIUS_CM = 150.0
# Corners, colour of the edge and of the face, and how large the face is.
PLATES: dict[str, tuple[np.ndarray, Color, Color, float]] = {
    "stop": (_corners(8, np.pi / 8), WHITE, (190, 40, 45), 0.86),
    "yield": (_corners(3, -np.pi / 2), (190, 40, 45), WHITE, 0.6),
    "priority": (_corners(4, 0.0), WHITE, (242, 190, 40), 0.66),
}


def _draw_plates(pen: _Pen, plates: Sequence[dict[str, Any]]) -> None:
    """Signs that say who goes first, upright in the picture: red octagon, triangle on its point, yellow diamond."""
    for plate in plates:
        corners, edge, face, inner = PLATES[plate["kind"]]
        for share, color in ((1.18, INK), (1.0, edge), (inner, face)):
            shape = np.asarray(plate["p"]) + share * PLATE_RADIUS_CM * corners
            pen.draw.polygon(pen.screen(shape.reshape(-1).tolist()), fill=color)


def _draw_time(pen: _Pen, time_s: float) -> None:
    label, font = f"{time_s:.1f} s", ImageFont.load_default(13 * OVERSAMPLE)
    box = pen.draw.textbbox((0, 0), label, font=font)
    pen.draw.rectangle((0, 0, box[2] + 12 * OVERSAMPLE, box[3] + 8 * OVERSAMPLE), fill=WHITE)
    pen.draw.text((6 * OVERSAMPLE, 3 * OVERSAMPLE), label, fill=INK, font=font)


def _at(values: Sequence[Any], k: int) -> Any:
    """A value of an actor at a moment; what never moves is written once."""
    return values[0] if len(values) == 1 else values[k]


def _last_known(values: Sequence[Any], k: int) -> int:
    """The moment nearest to `k` at which an actor is there, before it where there is one."""
    if len(values) == 1:
        return 0
    known = [j for j, value in enumerate(values) if value is not None]
    before = [j for j in known if j <= k]
    return before[-1] if before else known[0]


def _box(actor: dict[str, Any], k: int, pixel_cm: float) -> list[float]:
    """Outline with a pointed front, in centimetres; what is small is drawn large enough to be seen."""
    length, width = max(actor["size"][0], 8 * pixel_cm), max(actor["size"][1], 5 * pixel_cm)
    nose = min(0.25 * length, 60.0) if actor["group"] not in ("static", "person") else 0.0
    half_l, half_w = 0.5 * length, 0.5 * width
    local = np.array(
        [[half_l, 0.55 * half_w], [half_l, -0.55 * half_w], [half_l - nose, -half_w], [-half_l, -half_w],
         [-half_l, half_w], [half_l - nose, half_w]]
    )  # fmt: skip
    heading = _at(actor["h"], k) / 1000.0
    turn = np.array([[np.cos(heading), np.sin(heading)], [-np.sin(heading), np.cos(heading)]])
    return [float(v) for v in (local @ turn + [_at(actor["x"], k), _at(actor["y"], k)]).reshape(-1)]


def _dashes(points: Sequence[int], on_cm: float = 300.0, off_cm: float = 450.0) -> list[list[float]]:
    line = shapely.LineString(np.asarray(points, dtype=np.float64).reshape(-1, 2))
    starts = np.arange(0.0, line.length, on_cm + off_cm)
    pieces = [shapely.ops.substring(line, s, min(s + on_cm, line.length)) for s in starts]
    return [[float(v) for v in np.asarray(piece.coords).reshape(-1)] for piece in pieces if piece.length > 1.0]
