"""Surfaces of vehicles: paint, glass, rubber, lamps, plates.

Radiances of lamps are chosen so that they show by day; relative to a white wall in full sun.
"""

from dataclasses import dataclass

from driving_data.taxonomy import SemanticClass
from generators.raytrace.materials import Color, MaterialBook, Surface
from generators.raytrace.scene import Glow

CAR_COLORS: dict[str, tuple[str, ...]] = {
    "white": ("#e9e9e6", "#dcdddb"),
    "black": ("#111214", "#1b1c20"),
    "grey": ("#5a5d61", "#44474b"),
    "silver": ("#a9adb1", "#bcbfc1"),
    "blue": ("#1d3f78", "#2c5aa0", "#15263f"),
    "red": ("#9c1a1c", "#7c1418"),
    "green": ("#2f4a38", "#4b5f3a"),
    "brown": ("#54402f", "#6b5440"),
    "beige": ("#c4b79d", "#b3a78f"),
    "yellow": ("#d9a91c", "#e0bb2f"),
    "orange": ("#c7571a", "#d2691e"),
}


@dataclass(frozen=True, slots=True)
class Finish:
    """Rows of the materials of one vehicle."""

    paint: int
    trim: int
    glass: int
    tyre: int
    rim: int
    under: int
    headlight: int
    tail: int
    brake: int
    left_indicator: int
    right_indicator: int
    plate: int
    chrome: int
    blue_light: int
    second_paint: int
    reverse: int
    blue_light_after: int
    amber_light: int
    amber_sign: int
    cargo_heap: int
    wood: int


def vehicle_finish(
    book: MaterialBook, semantic: SemanticClass, paint: Color, second_paint: Color = "#d8d8d4", gloss: float = 0.16
) -> Finish:
    """The materials of a vehicle with that paint."""

    def lamp(albedo: Color, emission: tuple[float, float, float], glow: Glow) -> int:
        return book.add(
            Surface(albedo, semantic, roughness=0.12, reflectance=0.06, emission=emission, glow=glow,
                    lidar_reflectivity=1.1, wettable=0.1)
        )  # fmt: skip

    def coat(color: Color, roughness: float, reflectance: float, lidar: float = 0.4) -> int:
        return book.add(
            Surface(color, semantic, roughness=roughness, reflectance=reflectance, lidar_reflectivity=lidar,
                    wettable=0.2)
        )  # fmt: skip

    return Finish(
        paint=coat(paint, gloss, 0.06),
        trim=coat("#1a1b1d", 0.6, 0.04, 0.1),
        glass=coat("#0b0e11", 0.03, 0.09, 0.06),
        tyre=coat("#17171a", 0.9, 0.02, 0.08),
        rim=coat("#8d9196", 0.3, 0.45, 0.5),
        under=coat("#0d0d0e", 0.95, 0.02, 0.1),
        headlight=lamp("#c9ced2", (14.0, 13.2, 12.0), Glow.LOW_BEAM),
        tail=lamp("#6d0a0c", (0.5, 0.012, 0.01), Glow.LOW_BEAM),
        brake=lamp("#7c0c0e", (2.6, 0.05, 0.03), Glow.BRAKE),
        left_indicator=lamp("#a8570f", (2.6, 1.0, 0.03), Glow.LEFT_INDICATOR),
        right_indicator=lamp("#a8570f", (2.6, 1.0, 0.03), Glow.RIGHT_INDICATOR),
        plate=book.add(
            Surface("#d9d8cf", semantic, roughness=0.4, reflectance=0.04, lidar_reflectivity=1.4, wettable=0.0)
        ),
        chrome=coat("#b4b7ba", 0.12, 0.6, 0.6),
        blue_light=lamp("#12307c", (0.1, 0.4, 5.0), Glow.EMERGENCY),
        second_paint=coat(second_paint, gloss, 0.06),
        reverse=lamp("#b9bcc0", (2.2, 2.2, 2.1), Glow.REVERSE),
        blue_light_after=lamp("#12307d", (0.1, 0.4, 5.0), Glow.EMERGENCY_AFTER),
        cargo_heap=coat("#8c7b62", 0.95, 0.02),
        wood=coat("#a67f4d", 0.8, 0.03),
        amber_sign=lamp("#d98a12", (1.2, 0.6, 0.03), Glow.ALWAYS),
        amber_light=lamp("#c9720f", (3.0, 1.3, 0.04), Glow.EMERGENCY),
    )
