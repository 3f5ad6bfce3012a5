"""Tags of an episode: what its scenario says of itself, completed to the slices that tables are cut by."""

from scenarios.concrete import ConcreteScenario


def episode_tags(scenario: ConcreteScenario) -> tuple[str, ...]:
    """The scenario's tags, with weather and light from its environment and road and name where it lacks them."""
    environment = scenario.environment
    present = {tag.partition(":")[0] for tag in scenario.tags if ":" in tag}
    extra = {
        "weather": environment.weather(),
        "light": environment.light(),
        "road": scenario.road.archetype or "file",
        "scenario": scenario.name,
    }
    return (*scenario.tags, *(f"{key}:{value}" for key, value in extra.items() if key not in present))
