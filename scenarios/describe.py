"""One English sentence for a concrete scenario."""

from collections import Counter
from collections.abc import Sequence

from scenarios.concrete import ConcreteScenario

_ROADS = {
    "motorway": "a motorway", "rural": "a rural road", "urban": "an urban street",
    "residential": "a residential street",
    "crossroads": "a signalised crossroads", "t_junction": "a T-junction", "roundabout": "a roundabout",
    "ramp": "a motorway with an entry ramp", "work_zone": "a road with a work zone",
}  # fmt: skip
_WEATHER = {"clear": "in clear weather", "overcast": "under an overcast sky", "rain": "in rain", "snow": "in snow",
            "fog": "in fog"}  # fmt: skip
_LIGHT = {"day": "by day", "dusk": "in twilight", "night": "at night"}
_PLURALS = {"child": "children", "bus": "buses", "debris": "pieces of debris", "pedestrian": "pedestrians"}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def describe(scenario: ConcreteScenario, tags: Sequence[str] = (), what: str = "") -> str:
    """One sentence: what happens, where, in which weather and light, who is there.

    Args:
        scenario: what is described.
        tags: its tags, for the manoeuvres; those of the scenario itself when empty.
        what: the writer's description of the logical scenario; the manoeuvres are named where there is none.
    """
    road = _ROADS.get(scenario.road.archetype, f"the road of {scenario.road.file or scenario.road.archetype}")
    environment = scenario.environment
    weather, light = _WEATHER[environment.weather()], _LIGHT[environment.light()]
    start = f"The ego drives at {scenario.ego.speed_mps * 3.6:.0f} km/h on {road} {light} {weather}"
    happening = what.strip().rstrip(".").replace("\n", " ") or manoeuvres_text(tags or scenario.tags)
    middle = f", with {company(scenario)}" if scenario.actors else ", alone"
    return f"{start}{middle}{': ' + _lowered(happening) if happening else ''}."


def company(scenario: ConcreteScenario) -> str:
    """Who is there besides the ego, counted by class: 'two cars and a truck'."""
    counts = Counter(actor.kind.label for actor in scenario.actors)
    parts = [_counted(label, count) for label, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def manoeuvres_text(tags: Sequence[str]) -> str:
    """The named manoeuvres of the tags: 'cut in, lead brake'."""
    return ", ".join(tag.removeprefix("manoeuvre:").replace("_", " ") for tag in tags if tag.startswith("manoeuvre:"))


def _counted(label: str, count: int) -> str:
    name = label.replace("_", " ")
    if count == 1:
        return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
    plural = _PLURALS.get(label, f"{name}s")
    return f"{_NUMBERS[count] if count < len(_NUMBERS) else count} {plural}"


def _lowered(text: str) -> str:
    first = text.split(" ", 1)[0]
    return text if first.isupper() and len(first) > 1 else text[0].lower() + text[1:]
