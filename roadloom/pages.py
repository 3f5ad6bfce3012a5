"""Pages and recordings of evaluations: plays the episodes that are to be watched, and writes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from closed_loop.gates.decisions import Flip
from closed_loop.metrics.catalogue import METRICS
from closed_loop.metrics.definition import info
from closed_loop.registry import make_policy
from closed_loop.report.comparison_page import (
    Compared,
    PlayedFlip,
    compared,
    comparison_markdown,
    comparison_plain,
    write_comparison_page,
)
from closed_loop.report.episode_page import write_episode_page
from closed_loop.report.suite_page import Played, write_suite_page
from closed_loop.report.suite_rows import Commands, EpisodeRow, chosen_for_replay, worst_rows
from closed_loop.results import EpisodeResult, EvalReport, write_json, write_whole
from closed_loop.suites.episodes import policy_parameters
from closed_loop.suites.logs import LogWorlds
from closed_loop.suites.names import failure_name
from closed_loop.suites.run import read_scenario, run_rollouts
from driving_data.errors import Fault, InputError, RoadloomError
from driving_data.ports import Policy, Simulator
from driving_data.rollout import Rollout
from roadloom.suites import Playable
from sim_bridge.registry import SIMULATORS


@dataclass(frozen=True, slots=True)
class Watched:
    """What of an evaluation is to be watched.

    Attributes:
        html: where the page goes; None for none.
        num_replays: failed episodes that play in the page; a third as many that passed come after them.
        num_recordings: episodes that become Rerun files in `recordings/` beside the report.
    """

    html: Path | None = None
    num_replays: int = 24
    num_recordings: int = 0


def write_watched(
    report: EvalReport, ready: Playable, policy: Policy, commands: Commands, watched: Watched, folder: Path
) -> tuple[Path, ...]:
    """Plays what is to be watched and writes the page and the Rerun files; returns their paths.

    Raises:
        MissingExtra: Rerun files are asked for and rerun-sdk is not installed.
    """
    rows = worst_rows(report, commands)
    num = max(watched.num_replays if watched.html is not None else 0, watched.num_recordings)
    chosen = chosen_for_replay(report, rows, num, -(-watched.num_replays // 3))
    wanted = chosen[: watched.num_recordings] if watched.html is None else chosen
    played = list(_played(report, ready, policy, wanted))
    written: list[Path] = []
    if watched.num_recordings:
        from closed_loop.report.recording import write_recording

        for item in played[: watched.num_recordings]:
            name = failure_name(report.policy, item.episode).removesuffix(".json")
            written.append(write_recording(item.rollout, folder / "recordings" / f"{name}.rrd", item.episode))
    if watched.html is not None:
        shown = [item for item in played if item.episode.failed][: watched.num_replays]
        shown += [item for item in played if not item.episode.failed]
        written.append(write_suite_page(report, watched.html, shown, commands))
    return tuple(written)


def _played(report: EvalReport, ready: Playable, policy: Policy, rows: Sequence[EpisodeRow]) -> Iterator[Played]:
    """The chosen episodes, played again, in their order."""
    keys = {row.key for row in rows}
    episodes = {episode.key: episode for episode in report.episodes if episode.key in keys} if keys else {}
    digests = {episode.scenario_digest for episode in episodes.values()}
    scenarios = {s.digest(): s for s in ready.suite.scenarios if s.digest() in digests} if digests else {}
    for row in rows:
        scenario = scenarios[row.digest]
        rollout = run_rollouts(policy, ready.simulator, (scenario,))[0]
        yield Played(episodes[row.key], rollout)


def commands_of(policy: str, parameters: Sequence[str], simulator: str, ready: Playable, folder: Path) -> Commands:
    """How episodes of this call are played again: paths as they were given, from the folder of the call."""
    worlds = ready.simulator
    logs: Mapping[str, str] = dict(worlds.sources) if isinstance(worlds, LogWorlds) else {}
    return Commands(policy, tuple(parameters), str(folder / "failures"), simulator, logs, str(Path.cwd()))


def write_comparison(
    result: Compared, candidate: EvalReport, baseline: EvalReport, folders: tuple[Path, Path], num: int, path: Path
) -> Path:
    """Writes the page of a comparison; up to `num` flips are played side by side, where their files are at hand."""
    notes: list[str] = []
    played = list(_flips(result.flips[:num], candidate, baseline, folders, notes)) if num else []
    both = commands_of_both(candidate, baseline, folders)
    return write_comparison_page(result, path, played, both, tuple(dict.fromkeys(notes)))


def commands_of_both(
    candidate: EvalReport, baseline: EvalReport, folders: tuple[Path, Path]
) -> tuple[Commands, Commands]:
    """How the episodes of two reports, which lie in these folders, are played again."""
    mine, theirs = (
        Commands(
            report.policy, parameters_in(report), str(folder / "failures"), report.simulator, place=str(Path.cwd())
        )
        for report, folder in zip((candidate, baseline), folders, strict=True)
    )
    return mine, theirs


def parameters_in(report: EvalReport) -> tuple[str, ...]:
    """The parameters of a report's policy that are not its defaults, as `replay --parameter` takes them."""
    try:
        usual = policy_parameters(make_policy(report.policy))
    except RoadloomError:
        return ()
    return tuple(_differences(report.policy_parameters, usual, ""))


def _differences(found: Mapping[str, Any], usual: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, value in found.items():
        before = usual.get(name)
        if name == "type" or value == before:
            continue
        if isinstance(value, Mapping) and isinstance(before, Mapping) and "type" in before:
            yield from _differences(value, before, f"{path}{name}.")
        else:
            yield f"{path}{name}={json.dumps(value)}"


def _flips(
    flips: Sequence[Flip], candidate: EvalReport, baseline: EvalReport, folders: tuple[Path, Path], notes: list[str]
) -> Iterator[PlayedFlip]:
    wanted = {flip.scenario_digest for flip in flips}
    mine, theirs = ({e.scenario_digest: e for e in report.episodes if e.scenario_digest in wanted}
                    for report in (candidate, baseline))  # fmt: skip
    for flip in flips:
        one, two = mine[flip.scenario_digest], theirs[flip.scenario_digest]
        report, episode, folder = (candidate, one, folders[0]) if one.failed else (baseline, two, folders[1])
        try:
            scenario = read_scenario(folder / "failures" / failure_name(report.policy, episode))
            rollouts = [
                run_rollouts(_policy_of(each), SIMULATORS.load(each.simulator)(), (scenario,))[0]
                for each in (candidate, baseline)
            ]
        except RoadloomError as error:
            notes.append(f"{flip.scenario}, draw {flip.index}, does not play here: {error}")
            continue
        yield PlayedFlip(flip, one, two, rollouts[0], rollouts[1])


def write_comparisons(
    candidate: EvalReport, baseline: EvalReport, folders: tuple[Path, Path], metrics: Sequence[str], num: int,
    html: Path | None, out: Path | None,
) -> tuple[Path, ...]:  # fmt: skip
    """Writes the page of a comparison to `html`, and `comparison.json`, `.md` and `.html` into the folder `out`."""
    result = compared(candidate, baseline, metrics)
    page = write_comparison(result, candidate, baseline, folders, num, html or (out or Path()) / "comparison.html")
    if out is None:
        return (page,)
    written = [write_json(out / "comparison.json", comparison_plain(result))]
    text = comparison_markdown(result, commands_of_both(candidate, baseline, folders))
    written.append(write_whole(out / "comparison.md", (text,)))
    if html is not None:
        written.append(write_whole(out / "comparison.html", (page.read_text("utf-8"),)))
    return (page, *written)


def worlds_of(simulator: str, file: Path, log: Path | None) -> Simulator:
    """The simulator that plays a written scenario; one of a log needs the recording."""
    engine = SIMULATORS.load(simulator)()
    if log is None:
        return engine
    segment = read_scenario(file).road.parameters.get("segment")
    if segment is None:
        fault = Fault(str(file), 0, 0, "log", "no-log", str(log), "a scenario of a log; this one needs no recording")
        raise InputError([fault])
    return LogWorlds(engine, {str(segment): str(log)})


def write_episode(
    episode: EpisodeResult, rollout: Rollout, file: Path, policy: str, parameters: Sequence[str], simulator: str,
    log: Path | None, html: Path,
) -> Path:  # fmt: skip
    """Writes the page of one episode."""
    logs = {} if log is None else {episode.scenario_name: str(log)}
    command = Commands(policy, tuple(parameters), simulator=simulator, logs=logs, place=str(Path.cwd()))
    definitions = {name: info(METRICS[name]) for name in episode.metrics}
    text = command.play(str(file), policy, episode.scenario_name)
    return write_episode_page(episode, rollout, definitions, text, html)


def _policy_of(report: EvalReport) -> Policy:
    """The policy of a report, made again from its name and parameters."""
    parameters = {name: value for name, value in report.policy_parameters.items() if name != "type"}
    return make_policy(report.policy, parameters)


__all__ = [
    "Watched",
    "commands_of",
    "commands_of_both",
    "worlds_of",
    "write_comparisons",
    "write_episode",
    "write_watched",
]
