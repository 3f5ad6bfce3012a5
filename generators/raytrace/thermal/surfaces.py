"""How warm the street is: each material after a day of sun, sky and wind.

A surface follows its equilibrium with the lag of its heat store: dT/dt = (T_e - T) / tau, T_e - T_air = (a S - loss) /
h, so that T - T_air is the past sunlight, weighted by exp(-t / tau), times a / h. Sunlight that comes straight from
the sun counts where the surface faces it and nothing stands between; the loss to the sky where it faces up.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.taxonomy import SemanticClass
from generators.raytrace.scene import Materials
from generators.raytrace.thermal.climate import STEP_H, Climate


@dataclass(frozen=True, slots=True)
class Stuff:
    """What a class of surfaces is made of.

    Attributes:
        emissivity: at 8 to 14 um (tables as in Incropera et al., Fundamentals of Heat and Mass Transfer, app. A).
        lag_h: time in which 63 % of a change is followed.
        share: how much of the heat becomes warmth; plants use the rest for water.
        leak_k: warmer than without what is behind it (heated houses).
        loss: how much of the loss to the sky shows; heavy ground gives heat back from below.
    """

    emissivity: float
    lag_h: float
    share: float = 1.0
    leak_k: float = 0.0
    loss: float = 1.0


_METAL = Stuff(0.90, 0.3)
STUFF: dict[SemanticClass, Stuff] = {
    SemanticClass.ROAD: Stuff(0.95, 3.5, loss=0.3),
    SemanticClass.LANE_MARKING: Stuff(0.93, 3.5, loss=0.3),
    SemanticClass.KERB: Stuff(0.93, 3.0, loss=0.4),
    SemanticClass.SIDEWALK: Stuff(0.93, 2.5, loss=0.4),
    SemanticClass.TERRAIN: Stuff(0.96, 1.2, 0.45),
    SemanticClass.BUILDING: Stuff(0.92, 5.0, 0.8, 1.5, 0.6),
    SemanticClass.WALL: Stuff(0.92, 4.0),
    SemanticClass.FENCE: Stuff(0.90, 0.4),
    SemanticClass.VEGETATION: Stuff(0.97, 0.2, 0.2),
    SemanticClass.POLE: Stuff(0.75, 0.5),
    SemanticClass.TRAFFIC_SIGN: Stuff(0.88, 0.2),
    SemanticClass.TRAFFIC_LIGHT: Stuff(0.93, 0.5, 1.0, 2.0),
    SemanticClass.GUARD_RAIL: Stuff(0.35, 0.3),
    SemanticClass.BRIDGE: Stuff(0.93, 6.0, loss=0.6),
    SemanticClass.WATER: Stuff(0.97, 12.0, 0.2, loss=0.1),
    SemanticClass.CAR: _METAL,
    SemanticClass.TRUCK: _METAL,
    SemanticClass.BUS: _METAL,
    SemanticClass.MOTORCYCLE: _METAL,
    SemanticClass.BICYCLE: _METAL,
    SemanticClass.CONSTRUCTION_VEHICLE: Stuff(0.92, 0.6),
    SemanticClass.PEDESTRIAN: Stuff(0.95, 0.1, 0.5),
    SemanticClass.RIDER: Stuff(0.95, 0.1, 0.5),
    SemanticClass.ANIMAL: Stuff(0.97, 0.1, 0.5),
}
_OTHER = Stuff(0.93, 0.5)
_GLASS = 0.84
_RADIATION_W_M2K = 5.0
_LEAST_WIND_MPS = 1.5  # warm surfaces stir calm air


@dataclass(frozen=True, slots=True, eq=False)
class Surfaces:
    """Warmth of each material against the air, in kelvin, as columns over M materials.

    Attributes:
        emissivity: shape (M,).
        direct_k: from a sun that stood where it stood, on level ground, shape (M,).
        diffuse_k: from the bright sky and what is behind the surface, shape (M,).
        loss_k: to the dark sky, of level ground; positive, shape (M,).
    """

    emissivity: Float[np.ndarray, "M"]
    direct_k: Float[np.ndarray, "M"]
    diffuse_k: Float[np.ndarray, "M"]
    loss_k: Float[np.ndarray, "M"]

    def temperature_k(
        self,
        air_k: float,
        material: np.ndarray,
        sunlit: Float[np.ndarray, "n"],
        upward: Float[np.ndarray, "n"],
    ) -> Float[np.ndarray, "n"]:
        """Of surfaces.

        Args:
            air_k: the air.
            material: rows, shape (n,).
            sunlit: share of the direct sun that arrives, relative to level ground.
            upward: z of the normal.
        """
        open_sky = 0.5 + 0.5 * upward
        warm = self.direct_k[material] * sunlit + self.diffuse_k[material]
        return air_k + warm - self.loss_k[material] * open_sky


def surfaces_of(materials: Materials, climate: Climate) -> Surfaces:
    """All materials after the climate's last day. Darker colours take in more sun."""
    rows = [STUFF.get(SemanticClass(int(kind)), _OTHER) for kind in materials.semantic]
    emissivity = np.array([row.emissivity for row in rows])
    glass = (materials.roughness < 0.08) & (materials.albedo.mean(axis=1) < 0.15)
    emissivity = np.where(glass, _GLASS, emissivity)
    lag, share, leak, loss = (
        np.array([getattr(row, name) for row in rows]) for name in ("lag_h", "share", "leak_k", "loss")
    )
    absorbed = np.clip(1.0 - materials.albedo.mean(axis=1), 0.2, 0.95).astype(np.float64)
    exchange = _RADIATION_W_M2K + 5.7 + 3.8 * max(climate.wind_mps, _LEAST_WIND_MPS)
    direct, diffuse = climate.sun_w_m2()
    back_h = STEP_H * np.arange(len(direct))
    weight = np.exp(-back_h / lag[:, None]) * (1.0 - np.exp(-STEP_H / lag[:, None]))
    dry = 1.0 - 0.7 * climate.wetness * materials.wettable.astype(np.float64)
    gain = absorbed * share * dry / exchange
    heated = leak * np.clip((295.0 - climate.air_k) / 20.0, 0.0, 1.5)
    return Surfaces(
        emissivity,
        gain * (weight @ direct),
        gain * (weight @ diffuse) + heated,
        emissivity * loss * dry * climate.sky_loss_w_m2() / exchange,
    )
