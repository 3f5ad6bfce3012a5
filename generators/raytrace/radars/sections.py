"""Radar cross-sections at 77 GHz: of actors by class, of scenery by area.

Actors: mean over aspects in the range of the test targets of ISO 19206 (pedestrian about -8 dBsm, as N. Yamada, R&D
Review of Toyota CRDL 39, 46, 2004, measured; bicyclist about -1, motorcycle 5, car 10, lorry 20). What is seen of an
actor counts: its visible area over the area of its box seen from there. Facets that face the radar (tan^2 of the
incidence below 0.15^2) flash: the section is multiplied by 0.5 + 4 x their share, about 1 on average.

Scenery: sigma = g A, A the area across the beam, so that sigma_0 = g cos(theta): constant-gamma scattering (D. K.
Barton, Radar Equations for Modern Radar, 2013, chapter 3), with g after F. T. Ulaby, M. C. Dobson, Handbook of Radar
Scattering Statistics for Terrain (1989) and K. Sarabandi, E. S. Li, A. Nashashibi, IEEE Trans. Antennas Propag. 45,
1679 (1997) for road surfaces; hard upright surfaces flash as above.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from driving_data.taxonomy import ActorClass, SemanticClass

ACTOR_DBSM: Mapping[ActorClass, float] = {
    ActorClass.CAR: 10.0, ActorClass.VAN: 13.0, ActorClass.TRUCK: 20.0, ActorClass.TRAILER: 20.0, ActorClass.BUS: 20.0,
    ActorClass.EMERGENCY_VEHICLE: 13.0, ActorClass.CONSTRUCTION_VEHICLE: 18.0, ActorClass.MOTORCYCLE: 5.0,
    ActorClass.BICYCLE: -1.0, ActorClass.E_SCOOTER: -5.0, ActorClass.PEDESTRIAN: -8.0, ActorClass.CHILD: -11.0,
    ActorClass.WHEELCHAIR: -4.0, ActorClass.FLAGGER: -8.0, ActorClass.ANIMAL: -8.0, ActorClass.CONE: -18.0,
    ActorClass.BARRIER: 0.0, ActorClass.DEBRIS: -12.0, ActorClass.OTHER: -5.0,
}  # fmt: skip

# Diffuse and flashing part of g, as power ratios; everything else scatters as the last line.
_GAMMA: Mapping[SemanticClass, tuple[float, float]] = {
    SemanticClass.ROAD: (1e-3, 0.0), SemanticClass.LANE_MARKING: (1e-3, 0.0), SemanticClass.SIDEWALK: (2e-3, 0.0),
    SemanticClass.TERRAIN: (0.02, 0.0), SemanticClass.WATER: (1e-4, 0.0), SemanticClass.KERB: (0.05, 0.5),
    SemanticClass.BUILDING: (0.1, 3.0), SemanticClass.WALL: (0.1, 3.0), SemanticClass.BRIDGE: (0.1, 3.0),
    SemanticClass.FENCE: (0.2, 1.0), SemanticClass.GUARD_RAIL: (0.5, 20.0), SemanticClass.VEGETATION: (0.1, 0.0),
    SemanticClass.POLE: (1.0, 10.0), SemanticClass.TRAFFIC_SIGN: (0.5, 30.0), SemanticClass.TRAFFIC_LIGHT: (0.5, 10.0),
}  # fmt: skip
_OTHER_GAMMA = (0.1, 1.0)
FLASH_TAN = 0.15
GROUND = (
    SemanticClass.ROAD, SemanticClass.LANE_MARKING, SemanticClass.SIDEWALK, SemanticClass.TERRAIN, SemanticClass.WATER,
)  # fmt: skip


def gamma_table() -> Float[np.ndarray, "S 2"]:
    """Diffuse and flashing g by `SemanticClass` number."""
    table = np.tile(np.array(_OTHER_GAMMA), (256, 1))
    for kind, values in _GAMMA.items():
        table[int(kind)] = values
    return table


def flash(cosine: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """How far a facet mirrors back: e^{-tan^2(theta) / 0.15^2}."""
    square = np.clip(cosine.astype(np.float64), 1e-3, 1.0) ** 2
    return np.exp(-(1.0 - square) / square / FLASH_TAN**2)


def box_area_m2(view: Float[np.ndarray, "n 3"], size_m: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n"]:
    """Area of the outline of boxes seen along unit directions in their own axes."""
    length, width, height = size_m.T
    x, y, z = np.abs(view).T
    return x * width * height + y * length * height + z * length * width


def aspect(flashing_share: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Factor on the mean section of an actor from the share of its visible area that mirrors back."""
    return 0.5 + 4.0 * flashing_share


def actor_rcs_m2(kinds: np.ndarray) -> Float[np.ndarray, "n"]:
    """Mean cross-sections by `ActorClass` number."""
    return np.array([10.0 ** (0.1 * ACTOR_DBSM[ActorClass(int(kind))]) for kind in kinds], dtype=np.float64)
