"""Reading English: sentences a second, and F1 and exact structure on our own kept sets.

No peer is measured: no offline parser of English into these slots is published that could be run beside ours.
"""

import json
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, median_seconds
from scenarios.language import read
from tests.scenarios.language_score import score

_TESTS = Path(__file__).resolve().parent.parent / "tests" / "scenarios"
_SETS = {
    "worked examples": _TESTS / "language_examples.jsonl",
    "own sentences": _TESTS / "language_sentences.jsonl",
    "set a": _TESTS / "language_sets" / "a.jsonl",
    "set dev": _TESTS / "language_sets" / "dev.jsonl",
    "set rules": _TESTS / "language_sets" / "rules.jsonl",
}
_NOTE = "sets that the reader was improved on; no peer available"


def _cases(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run() -> list[Figure]:
    """Speed over all sets together, then agreement with the labels of each."""
    texts = [case["text"] for path in _SETS.values() for case in _cases(path)]
    seconds = median_seconds(lambda: [read(text) for text in texts], repeats=3)
    figures = [Figure("sentences read", len(texts) / seconds, "1/s", note=f"{len(texts)} sentences, one core")]
    for name, path in _SETS.items():
        cases = _cases(path)
        f1, exact = score([(case["slots"], read(case["text"]).slots.to_plain()) for case in cases])
        figures.append(Figure(f"F1, {name}", f1, "share", note=_NOTE))
        figures.append(Figure(f"exact structure, {name}", exact, "share", note=_NOTE))
    return figures
