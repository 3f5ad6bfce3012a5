"""The book of surfaces: builders ask for a material by name and properties, the scene gets them as columns.

Colours are given as they look on a screen ('#rrggbb', sRGB) and kept as linear RGB. Radiances are relative to a
white wall in full sun (about 32 000 cd/m2), see `LUMINANCE`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from driving_data.taxonomy import SemanticClass
from generators.raytrace.scene import Glow, Materials, Texture

Color = str | tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Surface:
    """One material; fields as the columns of `Materials`."""

    albedo: Color
    semantic: SemanticClass
    second: Color = (0.0, 0.0, 0.0)
    roughness: float = 0.9
    reflectance: float = 0.03
    emission: tuple[float, float, float] = (0.0, 0.0, 0.0)
    glow: Glow = Glow.ALWAYS
    signal: int = -1
    texture: Texture = Texture.NONE
    texture_scale_m: float = 1.0
    lidar_reflectivity: float = 0.3
    wettable: float = 0.4


@dataclass(slots=True)
class MaterialBook:
    """Collects surfaces while a scene is built; equal surfaces share a row."""

    rows: dict[Surface, int] = field(default_factory=lambda: {})

    def add(self, surface: Surface) -> int:
        """The row of this surface, new if need be."""
        return self.rows.setdefault(surface, len(self.rows))

    def freeze(self) -> Materials:
        """The columns."""
        surfaces = list(self.rows) or [Surface((0.5, 0.5, 0.5), SemanticClass.UNLABELED)]

        def column(values: Sequence[float]) -> np.ndarray:
            return np.array(values, dtype=np.float32)

        def number(values: Sequence[int]) -> np.ndarray:
            return np.array(values, dtype=np.int32)

        return Materials(
            albedo=np.array([linear(item.albedo) for item in surfaces], dtype=np.float32),
            second=np.array([linear(item.second) for item in surfaces], dtype=np.float32),
            roughness=column([item.roughness for item in surfaces]),
            reflectance=column([item.reflectance for item in surfaces]),
            emission=np.array([item.emission for item in surfaces], dtype=np.float32),
            glow=number([item.glow for item in surfaces]),
            signal=number([item.signal for item in surfaces]),
            texture=number([item.texture for item in surfaces]),
            texture_scale_m=column([item.texture_scale_m for item in surfaces]),
            semantic=np.array([item.semantic for item in surfaces], dtype=np.uint8),
            lidar_reflectivity=column([item.lidar_reflectivity for item in surfaces]),
            wettable=column([item.wettable for item in surfaces]),
        )


def linear(color: Color) -> tuple[float, float, float]:
    """Linear RGB of '#rrggbb' (sRGB, IEC 61966-2-1); tuples are linear already."""
    if not isinstance(color, str):
        return color
    value = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    lin = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return (round(float(lin[0]), 6), round(float(lin[1]), 6), round(float(lin[2]), 6))


def shaded(color: Color, factor: float) -> tuple[float, float, float]:
    """The colour brighter or darker, kept below 0.9."""
    r, g, b = linear(color)
    return (round(min(r * factor, 0.9), 6), round(min(g * factor, 0.9), 6), round(min(b * factor, 0.9), 6))


def tinted(hue: float, saturation: float, value: float) -> tuple[float, float, float]:
    """Linear RGB of a screen colour given as hue, saturation and value, each 0 to 1."""
    sector = (hue % 1.0) * 6.0
    parts: Float[np.ndarray, 3] = np.clip(np.abs((sector + np.array([0.0, 4.0, 2.0])) % 6.0 - 3.0) - 1.0, 0.0, 1.0)
    screen = value * (1.0 - saturation + saturation * parts)
    return linear("#" + "".join(f"{round(255 * float(part)):02x}" for part in screen))
