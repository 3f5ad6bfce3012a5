"""A canvas that is drawn large and shrunk, so that edges are smooth, with layers that let through."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from PIL import Image, ImageDraw, ImageFont

Color = tuple[int, int, int]
Points = Any
Number = float | int

PAPER, GROUND, ROAD, SIDE = (255, 255, 255), (236, 239, 233), (122, 128, 138), (205, 203, 195)
INK, FAINT, WHITE, YELLOW, KERB = (40, 44, 52), (112, 118, 128), (255, 255, 255), (244, 205, 92), (168, 166, 160)
STRIPE, LEAF = (226, 228, 232), (170, 196, 160)
OVERSAMPLE = 2


@dataclass(slots=True)
class Canvas:
    """An RGB picture of `size_px`; places are in pixels of the final picture."""

    size_px: tuple[int, int]
    image: Image.Image = field(init=False)
    draw: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        width, height = self.size_px
        self.image = Image.new("RGB", (width * OVERSAMPLE, height * OVERSAMPLE), PAPER)
        self.draw = ImageDraw.Draw(self.image)

    def pixels(self) -> np.ndarray:
        """The picture, shrunk to its size; (H, W, 3) uint8."""
        return np.asarray(self.image.resize(self.size_px, Image.Resampling.LANCZOS))

    def text(
        self, at: tuple[Number, Number], words: str, size: int = 13, color: Color = INK, bold: bool = False,
        halo: bool = False, anchor: str = "la",
    ) -> None:  # fmt: skip
        """Words at a place; `halo` puts white around them, so that they are read on any ground."""
        place = (at[0] * OVERSAMPLE, at[1] * OVERSAMPLE)
        stroke = 2 * OVERSAMPLE if halo else 0
        if halo:
            self.draw.text(place, words, WHITE, _font(size), anchor, stroke_width=stroke, stroke_fill=WHITE)
        width = 1 if bold else 0
        self.draw.text(place, words, color, _font(size), anchor, stroke_width=width, stroke_fill=color)

    def box(
        self, x: Number, y: Number, width: Number, height: Number, fill: Color, outline: Color | None = None
    ) -> None:
        """A rectangle."""
        corners = (x * OVERSAMPLE, y * OVERSAMPLE, (x + width) * OVERSAMPLE, (y + height) * OVERSAMPLE)
        self.draw.rectangle(corners, fill, outline, OVERSAMPLE if outline else 0)


def width_of(words: str, size: int) -> float:
    """Width of words in pixels of the final picture."""
    return float(_font(size).getlength(words)) / OVERSAMPLE


def wrapped(words: str, size: int, width_px: Number) -> list[str]:
    """Words broken into lines that are at most so wide."""
    lines: list[str] = []
    for word in words.split():
        if lines and width_of(f"{lines[-1]} {word}", size) <= width_px:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


@lru_cache(maxsize=16)
def _font(size: int) -> Any:
    return ImageFont.load_default(size * OVERSAMPLE)


@dataclass(frozen=True, slots=True)
class Pane:
    """A part of a canvas that shows a window of the road.

    Attributes:
        canvas: what is drawn on.
        corner_px: its upper left corner.
        size_px: its size.
        origin_m: where the frame of the view has its origin in `world`.
        yaw_rad: direction in `world` that runs to the right in the view.
        window_m: x and y ranges shown, in the frame of the view: x low, y low, x high, y high.
    """

    canvas: Canvas
    corner_px: tuple[float, float]
    size_px: tuple[float, float]
    origin_m: tuple[float, float]
    yaw_rad: float
    window_m: tuple[float, float, float, float]

    @property
    def scale(self) -> float:
        """Pixels per metre."""
        return self.size_px[0] / (self.window_m[2] - self.window_m[0])

    def screen(self, points_m: Points) -> np.ndarray:
        """Pixels of points in `world`, (n, 2)."""
        local = to_view(np.asarray(points_m, dtype=np.float64)[:, :2], self.origin_m, self.yaw_rad)
        left, _, _, top = self.window_m
        return (local - [left, top]) * [self.scale, -self.scale] + self.corner_px

    def inside(self, points_m: Points) -> list[tuple[float, float]]:
        """Places of points in `world` on a layer of the pane, drawn large."""
        return [(float(x), float(y)) for x, y in (self.screen(points_m) - self.corner_px) * OVERSAMPLE]

    def area(self, shape: Any, color: Color, alpha: float = 1.0, outline: Color | None = None, width: int = 1) -> None:
        """A polygon, or several, with holes; in `world`."""
        self._layer(alpha, lambda image: _fill(image, self, shape, color, outline, width))

    def lines(self, lines: Sequence[Points], color: Color, width: Number = 1.0, alpha: Number = 1.0) -> None:
        """Lines through points in `world`."""
        pixels = [self.inside(line) for line in lines if len(line) >= 2]
        wide = max(1, round(width * OVERSAMPLE))

        def paint(image: Image.Image) -> None:
            pen = ImageDraw.Draw(image)
            for line in pixels:
                pen.line(line, color, wide, joint="curve")

        self._layer(alpha, paint)

    def arrow(self, tip_m: Points, heading_rad: float, color: Color, size_px: float = 9.0, alpha: float = 1.0) -> None:
        """The head of an arrow."""
        tip = self.screen(np.asarray([tip_m]))[0]
        angle = -(heading_rad - self.yaw_rad)
        ahead, side = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        back = tip - size_px * ahead
        corners = [tip, back + 0.5 * size_px * side, back - 0.5 * size_px * side]
        shape = [tuple((corner - self.corner_px) * OVERSAMPLE) for corner in corners]
        self._layer(alpha, lambda image: ImageDraw.Draw(image).polygon(shape, color))

    def _layer(self, alpha: float, paint: Callable[[Image.Image], None]) -> None:
        """Paints inside of the pane only, letting through what is below."""
        x, y = (round(v * OVERSAMPLE) for v in self.corner_px)
        width, height = (round(v * OVERSAMPLE) for v in self.size_px)
        below = self.canvas.image.crop((x, y, x + width, y + height))
        above = below.copy()
        paint(above)
        self.canvas.image.paste(above if alpha >= 1.0 else Image.blend(below, above, alpha), (x, y))
        self.canvas.draw = ImageDraw.Draw(self.canvas.image)


def to_view(points_m: np.ndarray, origin_m: tuple[float, float], yaw_rad: float) -> np.ndarray:
    """Points of `world` in a frame at `origin_m` whose x points along `yaw_rad`; (n, 2)."""
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    moved = points_m - np.asarray(origin_m)
    return np.stack([moved[:, 0] * c + moved[:, 1] * s, moved[:, 1] * c - moved[:, 0] * s], axis=1)


def _fill(image: Image.Image, pane: Pane, shape: Any, color: Color, outline: Color | None, width: int) -> None:
    pen = ImageDraw.Draw(image)
    for part in shapely.get_parts(shape):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        # Holes are cut by a mask, so that what is below shows through them.
        rings = [pane.inside(np.asarray(ring.coords)) for ring in (part.exterior, *part.interiors)]
        if len(rings) == 1:
            pen.polygon(rings[0], color)
        else:
            mask = Image.new("1", image.size, 0)
            on_mask = ImageDraw.Draw(mask)
            on_mask.polygon(rings[0], 1)
            for hole in rings[1:]:
                on_mask.polygon(hole, 0)
            image.paste(color, (0, 0), mask)
        if outline:
            for ring in rings:
                pen.line(ring, outline, width * OVERSAMPLE, joint="curve")
