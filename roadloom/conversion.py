"""Scenario files from one format into another."""

from dataclasses import dataclass
from pathlib import Path

from driving_data.errors import Fault, InputError, nearest_name
from driving_data.store.files import replace_file
from scenarios.algebra import LogicalScenario
from scenarios.concrete import ConcreteScenario

READ = (".yaml", ".yml", ".xosc", ".osc")
WRITTEN = (".yaml", ".yml", ".xosc", ".xml")


@dataclass(frozen=True, slots=True)
class Source:
    """A scenario file as read.

    Attributes:
        logical: the scenario.
        yaml: its own spelling in YAML, where the reader made one; else empty.
        assumed: decisions that the file did not make.
        lost: what has no counterpart, with its place.
    """

    logical: LogicalScenario
    yaml: str = ""
    assumed: tuple[str, ...] = ()
    lost: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was written: the files, what was assumed, what was lost and what is said less exactly."""

    files: tuple[Path, ...]
    assumed: tuple[str, ...] = ()
    lost: tuple[Fault, ...] = ()
    approximated: tuple[str, ...] = ()


def convert_file(given: str, out: Path, seed: int = 0, index: int = 0, scenario: str = "") -> Conversion:
    """Reads a scenario file and writes it in the format that the ending of `out` names.

    Args:
        given: YAML, OpenSCENARIO XML or DSL file, or the name of a library scenario.
        out: `.yaml` keeps the whole space; `.xosc` and `.xml` (CommonRoad) hold one draw of it, except that
            OpenSCENARIO XML stays as it is when it is written as OpenSCENARIO XML 1.3.
        seed: of the draw.
        index: which draw.
        scenario: which scenario of a DSL file.

    Raises:
        InputError: the file is wrong, or the endings are not known.
    """
    if out.suffix not in WRITTEN:
        near = nearest_name(out.suffix, WRITTEN)
        raise InputError([Fault(str(out), 0, 0, "", "unknown-format", repr(out.suffix), f"one of {', '.join(WRITTEN)}",
                                near)])  # fmt: skip
    out.parent.mkdir(parents=True, exist_ok=True)
    if given.endswith(".xosc") and out.suffix == ".xosc":
        return _upgraded(Path(given), out)
    source = read_source(given, scenario)
    if out.suffix in (".yaml", ".yml"):
        from scenarios.spec import dump_spec

        replace_file(out, (source.yaml or dump_spec(source.logical, out.parent)).encode())
        return Conversion((out,), source.assumed, source.lost)
    concrete = source.logical.sample(seed, index)
    if out.suffix == ".xosc":
        files, approximated = _openscenario(concrete, out)
    else:
        files, approximated = _commonroad(concrete, out, seed), ()
    return Conversion(files, source.assumed, source.lost, approximated)


def read_source(given: str, scenario: str = "") -> Source:
    """Reads a scenario file of any format by its ending, or a library scenario by its name.

    Raises:
        InputError: the file is wrong, or nothing is known by that name.
    """
    path = Path(given)
    if path.suffix == ".osc":
        from scenarios.openscenario.dsl.reader import read_dsl

        reading = read_dsl(path, scenario)
        return Source(reading.logical, reading.yaml, reading.assumed, reading.not_translated)
    if path.suffix == ".xosc":
        from scenarios.openscenario.logical import to_logical

        return Source(to_logical(path))
    from roadloom.pipeline.sources import logical_scenarios

    return Source(logical_scenarios([given])[0])


def _upgraded(path: Path, out: Path) -> Conversion:
    from scenarios.openscenario.reader import read_openscenario
    from scenarios.openscenario.relocate import relocated
    from scenarios.openscenario.write import write_openscenario

    document = read_openscenario(path)
    replace_file(out, write_openscenario(relocated(document, out.parent)))
    return Conversion((out,), tuple(str(note) for note in document.notes))


def _openscenario(concrete: ConcreteScenario, out: Path) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    from scenarios.openscenario.export import write_export

    return (out, out.with_suffix(".xodr")), write_export(concrete, out).approximated


def _commonroad(concrete: ConcreteScenario, out: Path, seed: int) -> tuple[Path, ...]:
    """Plays the draw with a built-in driver as ego and writes what happened."""
    from driving_data.exports.commonroad import commonroad_xml
    from sim_bridge.registry import SIMULATORS

    session = SIMULATORS.load("embedded")().open([concrete], [seed])
    try:
        session.run(round(concrete.duration_s / concrete.step_s), "idm_lane_follow")
        (rollout,) = session.rollouts()
    finally:
        session.close()
    name = "".join(c for c in concrete.name.title() if c.isalnum()) or "Scenario"
    replace_file(out, commonroad_xml(rollout, f"ZAM_{name}-1_1_T-1", concrete.description))
    return (out,)
