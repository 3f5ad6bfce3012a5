"""Hypothesis strategies of small logical scenarios: each slot once, a few leaves to choose from."""

from hypothesis import strategies as st

from scenarios.algebra import LogicalScenario, choice, scenario
from scenarios.types.about import parameter, timing
from scenarios.types.light import light
from scenarios.types.weather import weather
from scenarios.units import LENGTH, SPEED

SLOTS = {
    "weather": (weather("rain"), weather("fog"), weather(rain="1..3 mm/h"), weather(clouds="0..1")),
    "light": (light("day"), light("night"), light(sun_elevation="-5..5 deg")),
    "time": (timing("10 s"), timing("8..12 s"), timing("8..12 s", "0.05 s | 0.1 s")),
    "gap": (parameter("gap", "5..25 m", LENGTH), parameter("gap", "normal(15 m, 4 m, 5 m, 30 m)", LENGTH)),
    "speed": (parameter("speed", "5..25 m/s", SPEED), parameter("speed", "loguniform(2 m/s, 30 m/s)", SPEED)),
}


def pieces(slot: str) -> st.SearchStrategy[LogicalScenario]:
    """A scenario that binds one slot: a leaf, or a choice among leaves."""
    leaves = st.sampled_from(SLOTS[slot]).map(scenario)
    weights = st.integers(1, 5)
    mixed = st.lists(st.tuples(weights, leaves), min_size=2, max_size=3).map(lambda options: choice(*options))
    return st.one_of(leaves, mixed)


def products(*slots: str) -> st.SearchStrategy[LogicalScenario]:
    """A scenario that binds these slots, in the order given."""

    def joined(parts: tuple[LogicalScenario, ...]) -> LogicalScenario:
        whole = parts[0]
        for part in parts[1:]:
            whole = whole & part
        return whole

    return st.tuples(*(pieces(slot) for slot in slots)).map(joined)
