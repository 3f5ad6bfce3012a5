"""What may be drawn: every parameter with its dimension and what it does.

Appearance comes from the scenery's own declaration; light, weather, cameras, mountings and faults are declared here.
`fault.dirt` is the severity of dirt on every sensor that can be dirty, `fault.dirt.camera_front` on that one; a
severity of 0 or less is no fault.
"""

from collections.abc import Mapping

from driving_data.sensors.kinds import fault_words
from generators.raytrace.appearance import ACTOR_APPEARANCE_SPACE, APPEARANCE_SPACE, Options
from scenarios.units import ANGLE, LENGTH, PRECIPITATION, RATIO, SPEED, TEXT, Dimension

LIGHT: Mapping[str, Dimension] = {
    "light.sun_azimuth_offset": ANGLE,
    "light.sun_elevation_offset": ANGLE,
    "light.sun_azimuth": ANGLE,
    "light.sun_elevation": ANGLE,
}
WEATHER: Mapping[str, Dimension] = {
    "weather.cloud_cover": RATIO,
    "weather.cloud_cover_offset": RATIO,
    "weather.rain": PRECIPITATION,
    "weather.snow": PRECIPITATION,
    "weather.fog_visibility": LENGTH,
    "weather.road_wetness": RATIO,
    "weather.wind": SPEED,
}
CAMERA: Mapping[str, Dimension] = {
    f"camera.{name}": RATIO
    for name in (
        "exposure_ev", "white_balance_r", "white_balance_b", "noise", "full_well_e", "read_noise_e", "vignette",
        "bloom", "blur_px",
    )
}  # fmt: skip
MOUNTING: Mapping[str, Dimension] = {
    "mounting.x": LENGTH,
    "mounting.y": LENGTH,
    "mounting.z": LENGTH,
    "mounting.roll": ANGLE,
    "mounting.pitch": ANGLE,
    "mounting.yaw": ANGLE,
}
FAULTS: Mapping[str, Dimension] = {f"fault.{word}": RATIO for word in fault_words()}

STANDARD: Mapping[str, str] = {
    "building_style": "mixed @ 5 | plaster @ 2 | brick @ 2 | modern @ 1 | house @ 1",
    "building_height_scale": "0.7..1.4",
    "facade_hue": "0.0..1.0",
    "facade_saturation": "0.05..0.35",
    "lit_window_share": "0.1..0.6",
    "vegetation_density": "0.4..1.3",
    "asphalt_tone": "0.055..0.15",
    "marking_wear": "0.0..0.6",
    "grass_dryness": "0.0..0.7",
    "street_lamp_temperature": "2200.0..5000.0",
    "light.sun_azimuth_offset": "-180 deg..180 deg",
    "light.sun_elevation_offset": "normal(0 deg, 3 deg, -6 deg, 6 deg)",
    "weather.cloud_cover_offset": "-0.2..0.2",
    "camera.exposure_ev": "normal(0, 0.25, -0.8, 0.8)",
    "camera.white_balance_r": "normal(1, 0.03, 0.9, 1.1)",
    "camera.white_balance_b": "normal(1, 0.03, 0.9, 1.1)",
    "camera.noise": "0.6..1.8",
    "camera.vignette": "0.05..0.25",
    "mounting.x": "normal(0 m, 0.01 m, -0.03 m, 0.03 m)",
    "mounting.y": "normal(0 m, 0.01 m, -0.03 m, 0.03 m)",
    "mounting.z": "normal(0 m, 0.01 m, -0.03 m, 0.03 m)",
    "mounting.roll": "normal(0 deg, 0.2 deg, -0.6 deg, 0.6 deg)",
    "mounting.pitch": "normal(0 deg, 0.2 deg, -0.6 deg, 0.6 deg)",
    "mounting.yaw": "normal(0 deg, 0.2 deg, -0.6 deg, 0.6 deg)",
}


def dimensions() -> Mapping[str, Dimension]:
    """Every parameter that may be drawn for a scene; those of one actor or sensor end in `.<its name>`."""
    look = {key: TEXT if isinstance(kind, Options) else RATIO for key, kind in APPEARANCE_SPACE.items()}
    return {**look, **LIGHT, **WEATHER, **CAMERA, **MOUNTING, **FAULTS}


def dimension_of(key: str) -> Dimension | None:
    """What a parameter measures; None where there is no such parameter."""
    known = dimensions().get(key)
    if known is not None:
        return known
    fault, dot, sensor = key.removeprefix("fault.").partition(".")
    if key.startswith("fault.") and dot and sensor:
        return FAULTS.get(f"fault.{fault}")
    base, dot, actor = key.partition(".")
    kind = ACTOR_APPEARANCE_SPACE.get(base)
    if kind is None or not dot or not actor:
        return None
    return TEXT if isinstance(kind, Options) else RATIO


def allowed_texts(key: str) -> tuple[str, ...] | None:
    """The names among which a parameter chooses; None where it is a number."""
    kind = APPEARANCE_SPACE.get(key) or ACTOR_APPEARANCE_SPACE.get(key.partition(".")[0])
    return kind.values if isinstance(kind, Options) else None
