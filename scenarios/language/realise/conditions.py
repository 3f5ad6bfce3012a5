"""Weather, light, road surface and radio as leaves."""

from collections.abc import Mapping

from scenarios.language.realise.ledger import Ledger, Span, closed
from scenarios.language.slots import Slots
from scenarios.leaf import Leaf
from scenarios.types.digital import CONNECTIVITY
from scenarios.types.light import light
from scenarios.types.scenery import SURFACE
from scenarios.types.weather import weather

_CLOUDS: Mapping[str, str] = {
    "clear": "0..0.3", "overcast": "0.75..1", "rain": "0.9..1", "heavy_rain": "1", "snow": "1", "fog": "0.8..1",
}  # fmt: skip
_CONDITIONS: Mapping[str, str] = {"icy": "icy", "snowy": "snow", "wet": "wet"}


def weather_leaf(slots: Slots, ledger: Ledger) -> Leaf:
    """What is said of the weather and the road surface, with ranges."""
    said = slots.weather
    values: dict[str, str] = {}
    if "heavy_rain" in said:
        values |= {"rain": "10..40 mm/h", "fog_visibility": "800..3000 m"}
    elif "rain" in said:
        values["rain"] = "2.5..10 mm/h"
    if "snow" in said:
        values |= {"snow": "0.5..4 mm/h", "fog_visibility": "500..3000 m"}
    if "fog" in said:
        values["fog_visibility"] = "60..300 m"
    if "dust" in said:
        values |= {"fog_visibility": "80..400 m", "particulates": "dust"}
        ledger.miss("weather", "dust", "it is kept as dust, and played as fog that hides as much")
    if "wind" in said:
        values["wind"] = "10..20 m/s"
    clouds = next((_CLOUDS[word] for word in ("clear", *_CLOUDS) if word in said), None)
    if clouds is not None:
        values["clouds"] = clouds
    if not said:
        values["clouds"] = "0..0.3"
        ledger.assume("weather", "clear", "nothing is said of the weather")
    for word in said:
        ledger.assume(f"weather.{word}", ", ".join(f"{k} {v}" for k, v in values.items()), "a word as ranges")
    return weather(**values)


def surface_leaf(slots: Slots, ledger: Ledger) -> list[Leaf]:
    """Paving and what lies on it: of several conditions the most slippery, for a road has one."""
    said = slots.surface
    values: dict[str, str] = {}
    if "gravel" in said:
        values["kind"] = "gravel"
    conditions = [_CONDITIONS[word] for word in ("icy", "snowy", "wet") if word in said]
    if conditions:
        values["condition"] = conditions[0]
    if "pothole" in slots.road.features:
        values["damage"] = "pothole"
    for word in said:
        ledger.assume(f"surface.{word}", ", ".join(f"{name} {value}" for name, value in values.items()), "said")
        if word in ("icy", "snowy", "gravel"):
            ledger.miss("surface", word, "played by its grip; the road does not look it")
    for word, condition in _CONDITIONS.items():
        if word in said and condition not in conditions[:1]:
            ledger.miss("surface", word, f"a road has one condition; {conditions[0]} is the more slippery")
    return [SURFACE.make("", None, **values)] if values else []


def light_leaf(slots: Slots, ledger: Ledger) -> Leaf:
    """Where the sun stands, and the street lamps."""
    name = slots.light or "day"
    if slots.light is None:
        ledger.assume("light", "day", "nothing is said of the time of day")
    if "no street lights" in slots.negations:
        return light(name, street_lights=False)
    return light(name)


def radio(slots: Slots, ledger: Ledger) -> list[Leaf]:
    """The radio link of the ego."""
    if slots.v2x is None:
        return []
    values: dict[str, str] = {}
    if slots.v2x.latency_ms is not None:
        span = closed(slots.v2x.latency_ms, "v2x.latency_ms", "ms", ledger)
        values["latency"] = Span(min(span.low, 30e3) / 1e3, min(span.high, 30e3) / 1e3).text("s")
    if slots.v2x.loss is not None:
        span = closed(slots.v2x.loss, "v2x.loss", "", ledger)
        values["loss"] = Span(min(span.low, 1.0), min(span.high, 1.0)).text()
    ledger.miss("v2x", ", ".join(f"{k} {v}" for k, v in values.items()) or "a radio link",
                "it is kept as a leaf and tag; scripted actors send no messages")  # fmt: skip
    return [CONNECTIVITY.make("radio", None, **values)]
