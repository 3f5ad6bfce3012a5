"""The table of all metrics in `docs/metrics.md`, made from the catalogue.

`python -m closed_loop.metrics.reference` writes it; a test holds the page to the catalogue.
"""

from pathlib import Path

from closed_loop.metrics.catalogue import METRICS
from closed_loop.metrics.definition import Direction

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "metrics.md"
BEGIN, END = "<!-- generated: metrics -->\n", "<!-- end -->"


def metrics_table() -> str:
    """One row per metric, in the order of the catalogue."""
    rows = ["| id | unit | better | version | what it says | source |", "|---|---|---|---|---|---|"]
    for metric in METRICS.values():
        better = "more" if metric.direction is Direction.HIGHER_IS_BETTER else "less"
        cells = (metric.unit or "1", better, metric.version, metric.description, metric.source)
        rows.append(f"| `{metric.id}` | " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def with_table(page: str) -> str:
    """The page with the marked part replaced by the table of today.

    Raises:
        ValueError: the page has no such part, or several.
    """
    if page.count(BEGIN) != 1 or END not in page.split(BEGIN)[1]:
        raise ValueError(f"the page needs one part between {BEGIN.strip()!r} and {END!r}")
    before, rest = page.split(BEGIN)
    return before + BEGIN + metrics_table() + END + rest.split(END, 1)[1]


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
    print(f"wrote the {len(METRICS)} metrics into {PAGE.name}")
