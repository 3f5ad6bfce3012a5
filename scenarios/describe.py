"""The description that a concrete scenario carries: the writer's own sentence and the drawn scenario in English.

The words themselves are made in `scenarios.language.describe`, as those of every scenario, rollout and segment.
"""

from collections.abc import Sequence

from scenarios.concrete import ConcreteScenario


def describe(scenario: ConcreteScenario, tags: Sequence[str] = (), what: str = "") -> str:
    """What the scenario is about, and what was drawn: road, light, weather, the ego, everybody else.

    Args:
        scenario: what is described.
        tags: not needed any more: all that is told stands in the scenario.
        what: the writer's description of the logical scenario; empty for none.
    """
    # Building scenarios is older than telling of them: the telling imports the algebra, which imports this.
    from scenarios.language.describe.drawn import drawn_slots
    from scenarios.language.describe.text import text_of

    del tags
    own = " ".join(what.split())
    if own and own[-1] not in ".!?":
        own = f"{own}."
    return f"{own} {text_of(drawn_slots(scenario))}".strip()
