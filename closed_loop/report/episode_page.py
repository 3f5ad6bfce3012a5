"""The page of one episode: its replay, its metrics, what went wrong."""

from collections.abc import Mapping
from pathlib import Path

from closed_loop.metrics.definition import MetricInfo
from closed_loop.report.pages import InlineAssets, write_page
from closed_loop.report.replays import Replay, View, marks_of, replay_items
from closed_loop.results import EpisodeResult
from driving_data.rollout import Rollout


def write_episode_page(
    episode: EpisodeResult, rollout: Rollout, metrics: Mapping[str, MetricInfo], command: str, path: Path
) -> Path:
    """Writes the page of an episode: one file, or a folder that gets an index.html; returns its path.

    Args:
        episode: what came of it.
        rollout: what happened.
        metrics: definitions of the metrics that it has.
        command: what played it.
        path: where.
    """
    bad = [failure for failure in episode.failures if failure.at_fault]
    note = "; ".join(failure.reason for failure in bad) or "nothing failed"
    replay = Replay(
        id="replay-0",
        title=episode.scenario_name.replace("_", " "),
        views=(View(episode.policy, rollout, marks_of(episode)),),
        note=note,
        outcome="failed" if episode.failed else "ok",
        caption=f"{episode.scenario_name}, seed {episode.seed}, draw {episode.index}: {note}.",
        tags=episode.slices(),
        commands=(("Play it again:", command),),
    )
    return write_page(
        path,
        "episode.html.j2",
        episode=episode,
        replays=replay_items((replay,), InlineAssets()),
        rows=[(metrics[name], value) for name, value in episode.metrics.items() if name in metrics],
    )
