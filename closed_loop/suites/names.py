"""Names of the files that a suite's run leaves."""

from closed_loop.results import EpisodeResult


def failure_name(policy: str, episode: EpisodeResult) -> str:
    """The file name of a failed episode's scenario."""
    return f"{policy}-{episode.scenario_name}-{episode.scenario_digest[:12]}.json".replace("/", "_")
