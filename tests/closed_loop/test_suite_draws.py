"""Lists that are drawn on demand: selection, shards, repeats; results on disk; reports that stay in their file."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closed_loop import results
from closed_loop.results import EvalReport, StoredEpisodes, read_report, write_report
from closed_loop.suites.draws import chosen, derived_seed, fits, in_shard, joined, repeated
from closed_loop.suites.kept import find_kept, forget, keep
from closed_loop.suites.suite import Selection, Suite
from driving_data.errors import InputError
from tests.closed_loop import worlds
from tests.closed_loop.reports import report_of


def some(count):
    return tuple(worlds.concrete(index=k, tags=("actor:car", f"road:{'urban' if k % 2 else 'rural'}"))
                 for k in range(count))  # fmt: skip


def test_lists_nest_and_make_what_is_asked_for():
    made = joined([some(2), some(3)])
    assert [scenario.index for scenario in made] == [0, 1, 0, 1, 2]
    assert [made[k].index for k in (0, 2, 4, -1)] == [0, 0, 2, 2]
    assert [scenario.index for scenario in made[1:4]] == [1, 0, 1]
    assert [scenario.index for scenario in chosen(made, (4, 0))] == [2, 0]
    with pytest.raises(IndexError):
        made[5]
    assert len(joined([])) == 0


@pytest.mark.parametrize(("patterns", "kept"), [
    (["road:urban"], True), (["road:*"], True), (["follow"], True), (["foll*,cut_in"], True), (["cut_in"], False),
    (["!road:urban"], False), (["road:urban", "weather:rain"], False), (["!weather:rain", "follow"], True),
    (["!foll*,cut_in"], False),
])  # fmt: skip
def test_filters_look_at_names_tags_and_slices(patterns, kept):
    assert fits("follow", ("MotionFollow", "road:urban", "weather:clear"), patterns) is kept


@given(digests=st.lists(st.text("0123456789abcdef", min_size=64, max_size=64), max_size=20), num=st.integers(1, 7))
def test_every_scenario_is_in_one_shard(digests, num):
    for digest in digests:
        assert sum(in_shard(digest, shard, num) for shard in range(1, num + 1)) == 1


def test_shards_are_by_content_so_that_a_larger_suite_moves_nobody():
    few, many = (Suite("s", some(count)).select(Selection(shard=2, num_shards=3)) for count in (12, 24))
    first = [scenario.digest() for scenario in few.scenarios]
    assert 0 < len(first) < 12
    assert [scenario.digest() for scenario in many.scenarios][: len(first)] == first
    with pytest.raises(InputError, match="k/n"):
        Selection.parse_shard("4/3")


def test_repeats_have_seeds_of_their_own_and_say_what_they_repeat():
    (one,) = some(1)
    first, second, third = repeated((one,), 3)
    assert first == one
    assert (second.seed, third.seed) == (derived_seed(one.seed, 1), derived_seed(one.seed, 2))
    assert len({first.seed, second.seed, third.seed}) == 3
    assert replace(second, seed=one.seed, tags=one.tags) == one
    assert second.tags[-2:] == ("repeat:1", f"origin:{one.digest()}")
    assert tuple(repeated((one,), 3))[1] == second


def test_a_selection_that_leaves_nothing_is_refused():
    with pytest.raises(InputError, match="at least one scenario"):
        Suite("s", some(3)).select(Selection(filters=("tunnel",)))
    whole = Suite("s", some(3))
    assert whole.select(Selection()) is whole
    assert dict(whole.select(Selection(filters=("road:urban",), repeats=2)).selection)["repeats"] == 2


def test_kept_results_are_found_by_key_and_damaged_ones_are_not(tmp_path):
    episodes = report_of("idm", collision=[0, 1, 0]).episodes
    path = keep(episodes, tmp_path)
    assert path.parent.parent == tmp_path, "in folders, so that no folder holds ten thousand files"
    found = find_kept(tmp_path, [e.key for e in episodes] + ["other"])
    assert StoredEpisodes([found[e.key] for e in episodes]) == episodes
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "{", lines[2].replace("idm-2", "idm-2\\u0000")[:-9]]))
    assert set(find_kept(tmp_path, [e.key for e in episodes])) == {"idm-0"}
    assert find_kept(None, ["idm-0"]) == {}
    assert forget(tmp_path) == 1
    assert find_kept(tmp_path, ["idm-0"]) == {}


def test_a_large_report_stays_in_its_file(tmp_path, monkeypatch):
    report = report_of("idm", collision=[0, 1, 0, 1])
    path = write_report(report, tmp_path / "report.json")
    assert json.loads(path.read_text()) == json.loads(json.dumps(report.to_plain())), "one sound JSON document"
    monkeypatch.setattr(results, "HELD_BYTES", 10)
    stored = read_report(path)
    assert isinstance(stored.episodes, StoredEpisodes)
    assert stored.episodes == report.episodes and stored.episodes[1:3] == report.episodes[1:3]
    assert stored.to_plain() == report.to_plain()
    again = write_report(stored, tmp_path / "again.json")
    assert again.read_bytes() == path.read_bytes()
    path.write_text(json.dumps(report.to_plain(), indent=1))
    assert read_report(path).episodes == report.episodes, "another layout is read whole"
    lines = again.read_text().splitlines()
    again.write_text("\n".join(line.replace('"seed":1', '"seed":"x"') for line in lines))
    with pytest.raises(InputError, match=r"again\.json.*episodes\[0\]"):
        read_report(again)


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path):
    good = report_of("idm", collision=[0])
    path = write_report(good, tmp_path / "report.json")
    bad = replace(good, episodes=(replace(good.episodes[0], duration_s=float("nan")),))
    with pytest.raises(ValueError):
        write_report(bad, path)
    assert read_report(path) == good
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]


def test_reports_of_the_former_version_are_read():
    plain = report_of("idm", collision=[0]).to_plain()
    for name in ("selection", "plan_digest"):
        del plain[name]
    del plain["episodes"][0]["draws"]
    assert EvalReport.from_plain(plain).episodes[0].draws == {}
