"""What the pages show, runs: ```python blocks of a page, one after the other, in a temporary folder."""

import re
import sys
from pathlib import Path

import pytest

from roadloom.places import shared_data as find_shared_data

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_FENCE = re.compile(r"^```python *$\n(.*?)^``` *$", re.MULTILINE | re.DOTALL)
_SCENARIO = re.compile(r"^```yaml *$\n(scenario:.*?)^``` *$", re.MULTILINE | re.DOTALL)


def blocks_of(path):
    """(line of the first statement, code) of each block."""
    text = path.read_text()
    return [(text[: match.start(1)].count("\n") + 1, match.group(1)) for match in _FENCE.finditer(text)]


def run_blocks(path, blocks, namespace):
    """Runs the blocks in one namespace; a failure names the page and the line."""
    for line, code in blocks:
        exec(compile("\n" * (line - 1) + code, str(path), "exec"), namespace)


@pytest.mark.slow
@pytest.mark.parametrize("path", [page for page in PAGES if blocks_of(page)], ids=lambda page: page.stem)
def test_snippets_run(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shared = find_shared_data()
    if shared is not None:
        (tmp_path / "logs").symlink_to(shared / "logs")
    if written := _SCENARIO.search(path.read_text()):
        # The first scenario that a page shows is the file that its snippets read.
        (tmp_path / "my_scenario.yaml").write_text(written.group(1))
    monkeypatch.setattr(sys, "argv", [path.name])
    run_blocks(path, blocks_of(path), {"__name__": "__main__"})
    if any("print(" in code for _, code in blocks_of(path)):
        assert capsys.readouterr().out.strip()


def test_the_pages_that_promise_snippets_have_them():
    found = {page.name: len(blocks_of(page)) for page in PAGES}
    assert found["python.md"] >= 9 and found["store.md"] >= 3 and found["randomization.md"] >= 2


def test_a_wrong_snippet_is_noticed_at_its_line(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n\n```python\nvalue = 1\n```\n\n```sh\nnot python\n```\n\n```python\nassert value == 2\n```\n"
    )
    blocks = blocks_of(page)
    assert [line for line, _ in blocks] == [4, 12]
    with pytest.raises(AssertionError) as failed:
        run_blocks(page, blocks, {})
    assert failed.traceback[-1].lineno + 1 == 12


def test_randomization_page_names_every_parameter_and_no_other():
    from generators.randomize.parameters import dimensions
    from generators.raytrace.appearance import ACTOR_APPEARANCE_SPACE

    text = (ROOT / "docs" / "randomization.md").read_text().split("## Parameters")[1]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([a-z_.]+)`", row)]
    assert len(named) == len(set(named))
    assert set(named) == {*dimensions(), *ACTOR_APPEARANCE_SPACE}


def test_randomization_page_says_what_the_standard_space_draws():
    from generators.randomize.parameters import STANDARD

    text = (ROOT / "docs" / "randomization.md").read_text().split("## Parameters")[1]
    drawn = set()
    actors = "### The look of one actor"
    for line in (text.split(actors)[0] + text.split("### Light")[1]).splitlines():
        if line.startswith("| `"):
            _, names, _, standard, *_ = (cell.strip() for cell in line.split("|"))
            drawn |= set(re.findall(r"`([a-z_.]+)`", names)) if standard != "-" else set()
    assert drawn == set(STANDARD)


def test_store_page_names_every_file_of_a_segment(tmp_path):
    from driving_data.store import SegmentStore
    from tests.driving_data.example_segments import example_segment

    text = (ROOT / "docs" / "store.md").read_text()
    store = SegmentStore(tmp_path / "store", durable=False)
    store.write(example_segment("one", radars=("radar_front",)))
    files = [path for path in store.directory("one").rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        # Frames and sweeps are numbered: the page shows the first.
        assert re.sub(r"^0000\d\d", "000000", path.name) in text, path
