"""What may be drawn about the look of a scene, as data, and how a builder reads the draws.

`SceneDescription.appearance` holds values by key; a key that is absent is drawn here from the scene's seed, so
that a scene without randomization looks varied all the same. Keys of one actor are `<key>.<actor id>`.
A weight in `Options` is a share among the values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np


@dataclass(frozen=True, slots=True)
class Span:
    """A number between two bounds, uniformly."""

    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """One of several names, by weight."""

    values: tuple[str, ...]
    weights: tuple[float, ...]


APPEARANCE_SPACE: dict[str, Span | Options] = {
    "building_style": Options(("mixed", "plaster", "brick", "modern", "house"), (5.0, 2.0, 2.0, 1.0, 1.0)),
    "building_density": Span(0.55, 1.0),
    "building_height_scale": Span(0.7, 1.4),
    "facade_hue": Span(0.0, 1.0),
    "facade_saturation": Span(0.05, 0.35),
    "lit_window_share": Span(0.1, 0.6),
    "vegetation_density": Span(0.4, 1.3),
    "season": Options(("summer", "spring", "autumn", "winter"), (5.0, 2.0, 2.0, 1.0)),
    "tree_species": Options(("mixed", "broadleaf", "conifer", "slender"), (5.0, 3.0, 1.0, 1.0)),
    "asphalt_tone": Span(0.055, 0.15, "albedo"),
    "asphalt_warmth": Span(-1.0, 1.0),
    "marking_wear": Span(0.0, 0.6),
    "sidewalk_tone": Span(0.22, 0.42, "albedo"),
    "grass_dryness": Span(0.0, 0.7),
    "hill_height": Span(8.0, 60.0, "m"),
    "street_lamp_spacing": Span(24.0, 42.0, "m"),
    "street_lamp_temperature": Span(2200.0, 5000.0, "K"),
    "street_furniture": Span(0.0, 1.0),
}

ACTOR_APPEARANCE_SPACE: dict[str, Span | Options] = {
    "car_color": Options(
        ("white", "black", "grey", "silver", "blue", "red", "green", "brown", "beige", "yellow", "orange"),
        (25.0, 20.0, 19.0, 12.0, 9.0, 7.0, 2.5, 2.5, 2.0, 1.0, 1.0),
    ),
    "car_style": Options(
        ("auto", "hatchback", "sedan", "estate", "suv", "pickup", "sports", "taxi"),
        (8.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.3, 0.3),
    ),
    "van_style": Options(("auto", "panel", "minibus", "delivery"), (4.0, 2.0, 1.0, 1.0)),
    "truck_style": Options(
        ("auto", "box", "tipper", "tanker", "flatbed", "mixer", "refuse", "transporter", "tractor"),
        (6.0, 3.0, 1.0, 1.0, 1.0, 0.6, 0.6, 0.3, 0.0),
    ),
    "trailer_style": Options(("auto", "semi", "box", "tanker", "flatbed", "caravan"), (8.0, 1.0, 1.0, 0.5, 0.5, 0.0)),
    "bus_style": Options(("auto", "city", "coach", "articulated", "school"), (6.0, 2.0, 2.0, 0.0, 0.5)),
    "machine": Options(
        ("auto", "excavator", "wheel_loader", "dump_truck", "roller", "paver", "grader", "crane", "concrete_truck"),
        (6.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5),
    ),
    "motorcycle_style": Options(("naked", "scooter"), (3.0, 1.0)),
    "bicycle_style": Options(("auto", "city", "cargo"), (8.0, 1.0, 1.0)),
    "barrier_style": Options(
        ("auto", "concrete", "plastic", "type_iii", "barricade", "arrow_board", "cushion"),
        (10.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0),
    ),
    "cone_style": Options(("auto", "cone", "drum", "panel"), (10.0, 1.0, 0.0, 0.0)),
    "debris_style": Options(
        ("auto", "mixed", "box", "tyre", "ladder", "plank", "pallet", "sofa", "load", "branch", "rock", "mattress"),
        (4.0, 1.0, 1.0, 1.0, 0.3, 0.5, 0.5, 0.3, 1.0, 0.3, 0.5, 0.3),
    ),
    "livery": Options(("auto", "police", "ambulance", "fire"), (4.0, 1.0, 1.0, 1.0)),
    "age": Options(("auto", "adult", "elderly"), (0.0, 6.0, 1.0)),
    "hair": Options(("auto", "short", "long", "cap", "bald"), (0.0, 5.0, 4.0, 1.0, 0.7)),
    "carry": Options(
        ("auto", "none", "backpack", "bag", "umbrella", "pushchair", "stick"), (1.0, 5.0, 2.0, 1.5, 0.0, 0.0, 0.0)
    ),
    "upper_color": Span(0.0, 1.0, "place in the palette"),
    "lower_color": Span(0.0, 1.0, "place in the palette"),
    "skin_tone": Span(0.0, 1.0),
    "hair_color": Span(0.0, 1.0, "place in the palette"),
    "build": Span(0.9, 1.12, "width"),
    "garment": Options(("trousers", "shorts", "skirt", "coat"), (7.0, 2.0, 1.0, 2.0)),
    "animal": Options(
        ("auto", "deer", "dog", "boar", "cat", "cow", "horse", "fox", "sheep", "moose"),
        (10.0, 1.0, 1.0, 0.5, 0.3, 0.3, 0.3, 0.3, 0.2, 0.2),
    ),
    "cargo_color": Span(0.0, 1.0, "place in the palette"),
}


@dataclass(frozen=True, slots=True)
class Appearance:
    """Draws by name; what was not drawn comes from the seed, the same for the same key whatever else is asked.

    Attributes:
        draws: values by key, as in `SceneDescription.appearance`.
        seed: of the scene.
    """

    draws: Mapping[str, Any]
    seed: int

    def rng(self, name: str) -> np.random.Generator:
        """The random stream of one builder."""
        return np.random.Generator(np.random.Philox(key=[self.seed % 2**64, crc32(name.encode())]))

    def number(self, key: str, actor: str = "") -> float:
        """The value of a `Span`, held within sense but not within the declared bounds.

        Raises:
            ValueError: the draw is no number.
        """
        name = f"{key}.{actor}" if actor else key
        span = (ACTOR_APPEARANCE_SPACE if actor else APPEARANCE_SPACE)[key]
        assert isinstance(span, Span)
        value = self.draws.get(name)
        if value is None:
            return float(self.rng(name).uniform(span.low, span.high))
        if not isinstance(value, (int, float)):
            raise ValueError(f"appearance[{name!r}]: expected a number, found {value!r}")
        return float(value)

    def choice(self, key: str, actor: str = "") -> str:
        """The value of an `Options`.

        Raises:
            ValueError: the draw is none of the declared values.
        """
        name = f"{key}.{actor}" if actor else key
        options = (ACTOR_APPEARANCE_SPACE if actor else APPEARANCE_SPACE)[key]
        assert isinstance(options, Options)
        value = self.draws.get(name)
        if value is None:
            weights = np.array(options.weights) / sum(options.weights)
            return options.values[int(self.rng(name).choice(len(weights), p=weights))]
        if value not in options.values:
            raise ValueError(f"appearance[{name!r}]: expected one of {options.values}, found {value!r}")
        return str(value)
