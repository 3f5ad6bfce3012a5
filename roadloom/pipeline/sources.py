"""What a run starts from: names and paths of scenarios and real logs, resolved."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from driving_data.errors import Fault, InputError, nearest_name
from roadloom.console import say
from roadloom.places import shared_data
from roadloom.settings import RealConfig
from scenarios import library
from scenarios.algebra import LogicalScenario
from scenarios.concrete import ConcreteScenario
from scenarios.sampling import sample_many
from scenarios.spec import read_spec


def logical_scenarios(names: Sequence[str], settings: Mapping[str, str] | None = None) -> list[LogicalScenario]:
    """Library scenarios and files of the given names and paths; 'all' is the whole library, 'core' its small set.

    Args:
        names: names and paths.
        settings: parameters by name, or other values by path, that are set from outside in each of them.

    Raises:
        InputError: with the faults of every name and file.
    """
    faults: list[Fault] = []
    found: list[LogicalScenario] = []
    for name in names:
        try:
            groups = {"all": library.names(), "core": library.CORE}
            found += [_logical(each, settings) for each in groups.get(name, (name,))]
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return found


def _logical(name: str, settings: Mapping[str, str] | None = None) -> LogicalScenario:
    if name in library.names() or name in library.families():
        return read_spec(library.path(name), settings) if settings else library.load(name)
    path = Path(name)
    if path.suffix.lower() == ".xosc":
        from scenarios.openscenario.logical import to_logical

        return to_logical(path, settings)
    if path.suffix.lower() == ".osc":
        from scenarios.openscenario.dsl.reader import read_dsl
        from scenarios.spec import read_text

        reading = read_dsl(path)
        return read_text(reading.yaml, str(path), settings=settings) if settings else reading.logical
    if path.suffix in (".yaml", ".yml") or path.exists():
        return read_spec(path, settings)
    expected = f"a YAML file, 'all', 'core', or one of the library: {', '.join(library.names())}"
    nearest = nearest_name(name, library.names())
    raise InputError([Fault(name, 0, 0, "scenario", "unknown-name", "there is no such scenario", expected, nearest)])


def concrete_scenarios(
    names: Sequence[str], count: int, seed: int, settings: Mapping[str, str] | None = None
) -> list[ConcreteScenario]:
    """`count` draws of each scenario, in the order of the names.

    Each scenario has a seed of its own, made of `seed` and its name: else all would draw the same weather.
    """
    found: list[ConcreteScenario] = []
    for logical in logical_scenarios(names, settings):
        own = int.from_bytes(hashlib.sha256(f"{seed}/{logical.name}".encode()).digest()[:4], "big")
        found += sample_many(logical, count, own)
    return found


def real_sources(config: RealConfig) -> list[Path]:
    """Existing paths of the configured real logs.

    A relative path is looked up below the current folder, then below the shared data.

    Raises:
        InputError: sources are required and some are missing.
    """
    shared = shared_data()
    faults: list[Fault] = []
    paths: list[Path] = []
    for source in config.sources:
        places = [Path(source)] + ([shared / source] if shared else [])
        place = next((each for each in places if each.exists()), None)
        if place is None:
            looked = " or ".join(str(each) for each in places)
            faults.append(
                Fault(source, 0, 0, "real.sources", "missing-file", "there is no such log", f"a log at {looked}")
            )
        else:
            paths.append(place)
    if faults and config.required:
        raise InputError(faults)
    if faults:
        say(f"passed over: {len(faults)} of {len(config.sources)} real logs are not there (set ROADLOOM_SHARED)")
    return paths
