"""The configuration of a pipeline: Hydra composes `conf/`, this module turns the result into typed values.

A pipeline file is a mapping. A key that names a group (`simulator: embedded`) chooses a file of that group; any
other key sets a value. Overrides on the command line (`seed=7`, `mixture.ratio.real=0.5`) come last.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from driving_data.checked import Written
from driving_data.conf import conf_directory
from driving_data.errors import Fault, InputError, nearest_name
from roadloom.settings import PipelineConfig

# Data that a room reads with a reader of its own; no choices to compose.
_DATA_FOLDERS = frozenset({"rules"})


def groups() -> dict[str, tuple[str, ...]]:
    """The Hydra groups and what each offers."""
    folders = sorted(path for path in conf_directory().iterdir() if path.is_dir() and path.name not in _DATA_FOLDERS)
    return {folder.name: tuple(sorted(file.stem for file in folder.glob("*.yaml"))) for folder in folders}


def load_pipeline(pipeline: str | None, overrides: Sequence[str]) -> PipelineConfig:
    """Composes the configuration of one run.

    Args:
        pipeline: name in `conf/pipeline`, path of a YAML file, or None for the defaults alone.
        overrides: `key=value`, as Hydra takes them.

    Raises:
        InputError: with every fault found.
    """
    text, file = _pipeline_text(pipeline)
    places, values = _read_mapping(text, file)
    choices = [f"{key}={value}" for key, value in values.items() if key in groups() and isinstance(value, str)]
    plain = {key: value for key, value in values.items() if not (key in groups() and isinstance(value, str))}
    _refuse_unknown(values, overrides, file, places)
    composed = _compose([*choices, *(item for item in overrides if _is_group_choice(item))])
    _merge(composed, plain)
    late = [item for item in overrides if not _is_group_choice(item)]
    for key, value in _parse_overrides(late):
        _set(composed, key, value)
    return _typed(composed, file, places, late)


def _pipeline_text(pipeline: str | None) -> tuple[str, str]:
    if pipeline is None:
        return "", ""
    named = conf_directory() / "pipeline" / f"{pipeline}.yaml"
    path = named if named.is_file() else Path(pipeline)
    if not path.is_file():
        known = groups()["pipeline"]
        expected = f"a YAML file, or one of the ready pipelines {', '.join(known)}"
        raise InputError([Fault(pipeline, 0, 0, "", "missing-file", "there is no such file", expected,
                                nearest_name(pipeline, known))])  # fmt: skip
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError([Fault(str(path), 0, 0, "", "unreadable", str(error), "a UTF-8 YAML file")]) from error


def places_of(path: Path) -> tuple[dict[str, tuple[int, int]], dict[str, Any]]:
    """Line and column of every key of a YAML file that holds a mapping, and its values.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError([Fault(str(path), 0, 0, "", "unreadable", str(error), "a UTF-8 YAML file")]) from error
    return _read_mapping(text, str(path))


def _read_mapping(text: str, file: str) -> tuple[dict[str, tuple[int, int]], dict[str, Any]]:
    """Positions of every key, and the values."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        fault = Fault(file, line, column, "", "yaml-syntax", str(error.problem), "valid YAML")
        raise InputError([fault]) from error
    if node is None:
        return {}, {}
    if not isinstance(values, dict):
        fault = Fault(file, 1, 1, "", "wrong-type", type(values).__name__, "a mapping of keys to values")
        raise InputError([fault])
    return dict(_places(node, "")), {str(key): value for key, value in values.items()}


def _places(node: Any, path: str) -> Iterator[tuple[str, tuple[int, int]]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            yield inner, (key.start_mark.line + 1, key.start_mark.column + 1)
            yield from _places(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            inner = f"{path}.{index}"
            yield inner, (item.start_mark.line + 1, item.start_mark.column + 1)
            yield from _places(item, inner)


def _refuse_unknown(
    values: Mapping[str, Any], overrides: Sequence[str], file: str, places: Mapping[str, tuple[int, int]]
) -> None:
    known = tuple(field.name for field in fields(PipelineConfig))
    faults: list[Fault] = []
    entries = [(key, value, file, places.get(key, (0, 0))) for key, value in values.items()]
    for item in overrides:
        key, separator, value = item.partition("=")
        if not separator:
            faults.append(Fault("", 0, 0, "override", "wrong-form", repr(item), "key=value, as seed=7"))
        else:
            entries.append((key.split(".")[0], value if "." not in key else None, "", (0, 0)))
    for key, value, where, (line, column) in entries:
        options = groups().get(key)
        if key not in known:
            expected = f"one of {', '.join(known)}"
            faults.append(Fault(where, line, column, key, "unknown-key", "no such key", expected,
                                nearest_name(key, known)))  # fmt: skip
        elif options and isinstance(value, str) and value not in options:
            faults.append(Fault(where, line, column, key, "unknown-name", repr(value), f"one of {', '.join(options)}",
                                nearest_name(value, options)))  # fmt: skip
    if faults:
        raise InputError(faults)


def _is_group_choice(override: str) -> bool:
    key = override.partition("=")[0]
    return key in groups()


def _compose(choices: Sequence[str]) -> dict[str, Any]:
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from omegaconf import OmegaConf

    GlobalHydra.instance().clear()
    with initialize_config_dir(config_dir=str(conf_directory()), version_base="1.3"):
        config = compose(config_name="config", overrides=list(choices))
    plain = OmegaConf.to_container(config, resolve=True)
    return {str(key): value for key, value in plain.items()} if isinstance(plain, dict) else {}


def _parse_overrides(overrides: Sequence[str]) -> Iterator[tuple[str, Any]]:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import OverrideParseException

    faults: list[Fault] = []
    for item in overrides:
        try:
            parsed = OverridesParser.create().parse_override(item)
        except OverrideParseException as error:
            first = str(error).splitlines()[0]
            faults.append(
                Fault("", 0, 0, item.partition("=")[0], "wrong-form", first, "key=value, quoted where needed")
            )
            continue
        yield parsed.key_or_group, parsed.value()
    if faults:
        raise InputError(faults)


def _merge(base: dict[str, Any], update: Mapping[str, Any]) -> None:
    for key, value in update.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def _set(config: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        config = config.setdefault(parent, {})
    config[last] = value


def _typed(
    plain: dict[str, Any], file: str, places: Mapping[str, tuple[int, int]], overrides: Sequence[str]
) -> PipelineConfig:
    from pydantic import TypeAdapter, ValidationError

    if isinstance(plain.get("scenario"), str):
        plain["scenario"] = [plain["scenario"]]
    for name in ("simulator", "generator", "randomization"):
        if isinstance(plain.get(name), str):
            plain[name] = {"name": plain[name]}
    try:
        config = TypeAdapter(PipelineConfig).validate_python(plain)
    except ValidationError as error:
        raise InputError([_fault(item, file, places, overrides) for item in error.errors()]) from error
    _check_values(config, file, places)
    return config


def _fault(item: Any, file: str, places: Mapping[str, tuple[int, int]], overrides: Sequence[str]) -> Fault:
    path = ".".join(str(part) for part in item["loc"])
    line, column = places.get(path, (0, 0))
    origin = next((f"override {text}" for text in overrides if text.startswith(path)), file if line else "")
    nearest = None
    if item["type"] == "unexpected_keyword_argument":
        owner = item["loc"][0] if len(item["loc"]) > 1 else ""
        section = getattr(PipelineConfig(), str(owner), PipelineConfig())
        known = tuple(field.name for field in fields(section)) if is_dataclass(section) else ()
        nearest = nearest_name(str(item["loc"][-1]), known)
        return Fault(origin, line, column, path, "unknown-key", "no such key", f"one of {', '.join(known)}", nearest)
    return Fault(origin, line, column, path, item["type"], repr(item["input"]), item["msg"], nearest)


def _check_values(config: PipelineConfig, file: str, places: Mapping[str, tuple[int, int]]) -> None:
    """What types cannot say: shares add up, counts are positive, training data are validated."""
    faults: list[Fault] = []

    def refuse(path: str, found: Any, expected: str) -> None:
        line, column = places.get(path, (0, 0))
        faults.append(Fault(file if line else "", line, column, path, "wrong-value", repr(found), expected))

    for path, shares in (("mixture.ratio", config.mixture.ratio), ("mixture.splits", config.mixture.splits)):
        if abs(sum(shares.values()) - 1) > 1e-9 or min(shares.values(), default=-1) < 0:
            refuse(path, dict(shares), "shares from 0 to 1 that add up to 1")
    known_sources = ("real", "synthetic", "augmented")
    for name in config.mixture.ratio:
        if name not in known_sources:
            refuse(f"mixture.ratio.{name}", name, f"one of {', '.join(known_sources)}")
    if config.mixture.require != "validated":
        refuse("mixture.require", config.mixture.require, "'validated': training takes Segment[Validated] only")
    positive = {"count": config.count, "max_frames": config.max_frames, "suite.count": config.suite.count,
                "mixture.batch_size": config.mixture.batch_size}  # fmt: skip
    for path, number in positive.items():
        if number < 1:
            refuse(path, number, "a number from 1")
    for path, number in {"augment": config.augment, "seed": config.seed, "real.max_segments": config.real.max_segments,
                         "mixture.num_batches": config.mixture.num_batches}.items():  # fmt: skip
        if number < 0:
            refuse(path, number, "a number from 0")
    if faults:
        raise InputError(faults)
    if config.suite.thresholds:
        # The metrics are loaded only where a number of theirs is to be changed.
        from closed_loop.metrics.thresholds import thresholds_of

        under = "suite.thresholds."
        inside = {path.removeprefix(under): place for path, place in places.items() if path.startswith(under)}
        thresholds_of(Written(config.suite.thresholds, file if inside else "", inside), under.rstrip("."))
