"""Pages of suites, comparisons, decisions and episodes, made from real runs: what they hold is what happened."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from closed_loop.causes.failure_modes import modes_of
from closed_loop.gates.decide import GatePlan, decide
from closed_loop.gates.decision_texts import markdown, page
from closed_loop.metrics.catalogue import METRICS
from closed_loop.metrics.definition import info
from closed_loop.registry import make_policy
from closed_loop.report import suite_rows
from closed_loop.report.birdseye import pack, pack_scene, run_lengths, scene_data
from closed_loop.report.comparison_page import (
    PlayedFlip,
    compared,
    comparison_markdown,
    comparison_plain,
    write_comparison_page,
)
from closed_loop.report.episode_page import write_episode_page
from closed_loop.report.series import series_of
from closed_loop.report.suite_page import Played, replay_id, write_suite_page
from closed_loop.report.suite_rows import Commands, chosen_for_replay, worst_rows
from closed_loop.statistics.comparisons import estimate_slice, table_of
from closed_loop.suites.run import replay, run_rollouts, run_suite, write_failures
from closed_loop.suites.suite import library_suite
from sim_bridge.registry import SIMULATORS
from tests.closed_loop import worlds
from tests.closed_loop.reports import report_of

HERE = Path(suite_rows.__file__).parent
NODE = shutil.which("node")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
HTML_5 = re.compile(
    r"Tag (header|main|nav|section|figure|figcaption|svg|path|canvas|details|summary|dialog|article|noscript) invalid"
)
SETTINGS = Commands("constant_speed", ("speed_mps=9",), "out/it's/failures")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The suite, the two reports, and every episode of both played again."""
    folder = tmp_path_factory.mktemp("runs")
    suite = library_suite("small", ("late_pedestrian", "lead_brakes_hard"), count=2)
    simulator = SIMULATORS.load("embedded")()
    reports = {name: run_suite(make_policy(name), suite, simulator) for name in ("constant_speed", "idm")}
    rollouts = {name: run_rollouts(make_policy(name), simulator, tuple(suite.scenarios)) for name in reports}
    return suite, reports, rollouts, folder


@pytest.fixture(scope="module")
def suite_page(runs):
    _, reports, rollouts, folder = runs
    report = reports["constant_speed"]
    played = [
        Played(episode, rollout) for episode, rollout in zip(report.episodes, rollouts["constant_speed"], strict=True)
    ]
    path = write_suite_page(report, folder / "suite.html", played, SETTINGS)
    return report, played, path, html.fromstring(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def comparison(runs):
    _, reports, rollouts, folder = runs
    mine, theirs = reports["constant_speed"], reports["idm"]
    result = compared(mine, theirs)
    place = {episode.scenario_digest: k for k, episode in enumerate(mine.episodes)}
    played = [
        PlayedFlip(
            flip, mine.episodes[k], theirs.episodes[k], rollouts["constant_speed"][k], rollouts["idm"][k]
        )
        for flip in result.flips
        for k in (place[flip.scenario_digest],)
    ]  # fmt: skip
    path = write_comparison_page(result, folder / "comparison", played, notes=("A note.",))
    return mine, theirs, result, path, html.fromstring(path.read_text("utf-8"))


def well_formed(path):
    """No error of the HTML parser, one of each id, no link that leads nowhere, nothing from elsewhere."""
    text = path.read_text("utf-8")
    parser = etree.HTMLParser(recover=True)
    tree = html.fromstring(text, parser=html.HTMLParser(recover=True))
    etree.fromstring(text.encode(), parser)
    # libxml2 knows the elements of HTML 4 only.
    faults = [fault for fault in parser.error_log if not HTML_5.match(fault.message)]
    assert not [f"{f.line}: {f.message}" for f in faults]
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    for name in tree.xpath("//a/@href"):
        assert name.startswith("#") and name[1:] in ids, name
    for name in [*tree.xpath("//@aria-controls"), *tree.xpath("//@aria-labelledby")]:
        assert name in ids
    assert all(name.startswith("data:image/") for name in tree.xpath("//@src"))
    assert "http://" not in text and "https://" not in text and "@import" not in text
    for control in tree.xpath("//button | //input | //select"):
        assert control.get("aria-label") or control.text_content().strip() or control.xpath("ancestor::label")
    for image in tree.xpath("//img"):
        assert image.get("alt")
    assert all(table.xpath("./caption") for table in tree.xpath("//table"))
    return tree


def undone(packed):
    """Numbers of packed differences: what `birdseye.js` does, in Python."""
    known, found = 0, []
    for step in packed:
        known += 0 if step is None else step
        found.append(None if step is None else known)
    return found


def test_every_page_is_well_formed(suite_page, comparison):
    for path in (suite_page[2], comparison[3]):
        assert well_formed(path) is not None


def test_positions_in_the_page_are_those_of_the_rollout_to_a_centimetre(suite_page):
    _, played, _, tree = suite_page
    for item in played:
        data = json.loads(tree.xpath(f"//script[@id='{replay_id(item.episode.key)}']")[0].text)
        (view,) = data["views"]
        scene, rollout = view["scene"], item.rollout
        assert item.same
        steps = np.arange(0, rollout.num_steps, scene["every"])
        assert scene["num"] == len(steps)
        x0, y0, turn = scene["origin"]
        by_name = {actor["id"]: actor for actor in scene["actors"]}
        assert by_name.keys() == set(rollout.actors.ids)
        for column, name in enumerate(rollout.actors.ids):
            actor = by_name[name]
            x, y, heading = (undone(actor[key]) for key in ("x", "y", "h"))
            for row, step in enumerate(steps):
                row = 0 if len(x) == 1 else row
                if not rollout.valid[step, column]:
                    assert x[row] is None and y[row] is None
                    continue
                px, py = x[row] / 100, y[row] / 100
                world = (x0 + px * np.cos(turn) - py * np.sin(turn), y0 + px * np.sin(turn) + py * np.cos(turn))
                # Half a centimetre along each axis, and what a still actor may creep.
                assert world == pytest.approx(rollout.world_from_actor.translation_m[step, column, :2], abs=0.01)
                yaw = float(rollout.world_from_actor.yaw_rad()[step, column])
                assert np.cos(heading[row] / 1000 + turn - yaw) > 1 - 1e-5


def test_series_in_the_page_are_those_of_the_metrics(suite_page):
    _, played, _, tree = suite_page
    for item in played:
        view = json.loads(tree.xpath(f"//script[@id='{replay_id(item.episode.key)}']")[0].text)["views"][0]
        lines = {line["id"]: undone(line["values"]) for line in view["series"]}
        assert list(lines) == ["speed", "acceleration", "time_to_collision", "distance"]
        first = next((mark["t"] for mark in view["marks"]), np.inf)
        before = [k for k in range(view["scene"]["num"]) if k * view["scene"]["step_s"] < first - 1e-6]
        least = min(
            (lines["time_to_collision"][k] for k in before if lines["time_to_collision"][k] is not None), default=1000
        )
        assert least / 100 == pytest.approx(min(10.0, item.episode.value("min_time_to_collision")), abs=0.006)
        if first is np.inf:
            assert min(v for v in lines["distance"] if v is not None) / 100 == pytest.approx(
                item.episode.value("min_distance"), abs=0.006
            )


def test_series_are_missing_where_nothing_is_defined():
    valid = np.ones((40, 2), dtype=bool)
    valid[:10, 0] = False
    found = {
        series.id: series.values for series in series_of(worlds.straight([[0, 0], [30, 0]], [10.0, 4.0], valid=valid))
    }
    assert np.isnan(found["speed"][:10]).all() and found["speed"][10:] == pytest.approx(10.0)
    # Boxes of 4 m, 26 m apart at first, 6 m/s closing.
    assert found["time_to_collision"][10] == pytest.approx((26.0 - 6.0) / 6.0, abs=1e-9)
    assert found["distance"][10] == pytest.approx(20.0, abs=1e-9)
    alone = {series.id: series.values for series in series_of(worlds.straight([[0, 0]], [10.0]))}
    assert np.isnan(alone["distance"]).all() and np.isnan(alone["time_to_collision"]).all()
    apart = {series.id: series.values for series in series_of(worlds.straight([[0, 0], [30, 0]], [4.0, 10.0]))}
    assert np.isnan(apart["time_to_collision"]).all() and np.isfinite(apart["distance"]).all()


def test_the_moments_of_failure_are_marked_in_their_replay(suite_page):
    report, _, _, tree = suite_page
    failed = [episode for episode in report.episodes if episode.failed]
    assert failed
    for episode in failed:
        view = json.loads(tree.xpath(f"//script[@id='{replay_id(episode.key)}']")[0].text)["views"][0]
        expected = [(round(f.at_s, 3), f.at_fault) for f in episode.failures if f.at_s is not None]
        assert [(mark["t"], mark["bad"]) for mark in view["marks"]] == expected


def test_tables_of_the_page_hold_the_estimates(suite_page):
    report, _, _, tree = suite_page
    table = table_of(report)
    rows = tree.xpath("//table[@id='metrics-table']/tbody/tr")
    assert len(rows) == len(report.metrics)
    for row, metric in zip(rows, report.metrics.values(), strict=True):
        found = estimate_slice(table, metric.id, "all")
        assert row.xpath("./td[1]")[0].text_content() == str(found.num)
        shown = row.xpath("./td[2]/@data-sort")[0]
        assert shown == ("" if found.value is None else str(found.value))
        words = row.xpath("./th")[0].text_content()
        assert metric.id in words and metric.version in words and metric.description in words and metric.source in words


def test_each_failed_episode_has_the_command_that_replays_it(suite_page, runs):
    suite, _, _, folder = runs
    report, _, _, tree = suite_page
    files = write_failures(report, suite, folder / "failures")
    commands = tree.xpath("//table[@id='episodes-table']//button/@data-copy")
    failed = report.failed()
    assert len(commands) == len(failed) == len(files)
    for words in map(shlex.split, commands):
        assert words[:2] == ["roadloom", "replay"] and words[3:] == ["constant_speed", "--parameter", "speed_mps=9"]
        assert words[2].startswith("out/it's/failures/")
        path = folder / "failures" / Path(words[2]).name
        assert path in files
        episode, _ = replay(path, make_policy("constant_speed"), SIMULATORS.load("embedded")())
        assert episode.trajectory_sha256 in {each.trajectory_sha256 for each in failed}


def test_modes_of_failure_are_in_the_page_and_link_to_a_replay(suite_page):
    report, _, _, tree = suite_page
    modes = modes_of(report.episodes)
    rows = tree.xpath("//table[@id='modes-table']/tbody/tr")
    assert [row.xpath("string(./th)") for row in rows] == [mode.name for mode in modes]
    assert [row.xpath("string(./td[1])") for row in rows] == [str(mode.num) for mode in modes]
    for row, mode in zip(rows, modes, strict=True):
        assert row.xpath(".//a[@class='watch']/@href") == [f"#watch-{replay_id(mode.example)}"]


def test_a_rollout_that_went_otherwise_is_told(runs, tmp_path):
    _, reports, rollouts, _ = runs
    other = Played(reports["constant_speed"].episodes[0], rollouts["idm"][0])
    assert not other.same
    text = write_suite_page(reports["constant_speed"], tmp_path / "page.html", [other]).read_text("utf-8")
    assert "played again it went otherwise" in text


def test_large_suites_show_the_worst_and_stay_small(tmp_path):
    num = 3000
    rng = np.random.default_rng(1)
    tags = [("road:urban", f"scenario:s{k % 7}") for k in range(num)]
    failed = [int(k % 10 == 0) for k in range(num)]
    score = [0.1 if bad else float(rng.uniform(0.5, 1.0)) for bad in failed]
    report = report_of(
        "big", tags, [f"s{k % 7}" for k in range(num)], errors=(5,), collision=failed, driving_score=score
    )
    rows = worst_rows(report, Commands(), limit=302)
    assert [row.outcome for row in rows].count("failed") == 300
    assert rows[300].outcome == "missing" and rows[301].outcome == "passed"
    assert rows[301].values["driving_score"] == min(s for s, bad in zip(score, failed, strict=True) if not bad)
    path = write_suite_page(report, tmp_path / "big")
    assert path == tmp_path / "big" / "index.html" and path.stat().st_size < 2_000_000
    tree = html.fromstring(path.read_text("utf-8"))
    assert len(tree.xpath("//table[@id='episodes-table']/tbody/tr")) == suite_rows.MAX_ROWS
    assert "The 500 worst of 3000 episodes" in tree.text_content()
    assert "10.0 %" in tree.text_content()


def test_replays_take_one_of_each_mode_then_the_worst_then_passed_ones():
    report = report_of(
        "p", None, ["a", "a", "a", "b", "b", "c"], collision=[1, 1, 0, 0, 0, 0],
        driving_score=[0.0, 0.1, 0.9, 0.8, 0.7, 0.95],
    )  # fmt: skip
    chosen = chosen_for_replay(report, worst_rows(report, Commands()), 1, 3)
    assert [(row.scenario, row.outcome) for row in chosen] == [
        ("a", "failed"), ("b", "passed"), ("a", "passed"), ("c", "passed"),
    ]  # fmt: skip


def test_a_comparison_says_what_the_statistics_say(comparison):
    mine, theirs, result, _, tree = comparison
    assert result.num_pairs == len(mine.episodes)
    assert result.num_failed == (len(mine.failed()), len(theirs.failed()))
    rows = tree.xpath("//table[@id='overall-table']/tbody/tr")
    assert [row.get("data-metric") for row in rows] == list(mine.metrics)
    plain = comparison_plain(result)
    json.dumps(plain, allow_nan=False)
    for row, found in zip(rows, result.overall, strict=True):
        difference = row.xpath("./td[4]/@data-sort")[0]
        assert difference == ("" if found.result.difference is None else str(found.result.difference))
        assert float(row.xpath("./td[7]/@data-sort")[0]) >= float(row.xpath("./td[6]/@data-sort")[0])
    text = comparison_markdown(result)
    assert all(flip.command in text for flip in result.flips)
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1


def test_a_flip_plays_both_policies_side_by_side(comparison):
    _, _, result, _, tree = comparison
    assert result.flips
    for flip in result.flips:
        data = json.loads(tree.xpath(f"//script[@id='f-{flip.scenario_digest[:16]}']")[0].text)
        assert [view["label"] for view in data["views"]] == ["constant_speed", "idm"]
        ends = [sum(step for step in view["scene"]["actors"][0]["x"] if step is not None) for view in data["views"]]
        assert ends[0] != ends[1]
    assert len(tree.xpath("//canvas")) == 2
    row = tree.xpath("//table[@id='flips-table']/tbody/tr")[0]
    commands = [shlex.split(text) for text in row.xpath(".//button/@data-copy")]
    assert [words[3] for words in commands] == ["constant_speed", "idm"]
    assert commands[0][2] == commands[1][2]


def test_metrics_of_other_versions_are_left_out_of_a_comparison():
    mine = report_of("a", driving_score=[0.5] * 6, collision=[0] * 6)
    theirs = report_of("b", driving_score=[0.4] * 6, progress=[1.0] * 6)
    result = compared(mine, theirs)
    assert [row.metric.id for row in result.overall] == ["driving_score"]
    assert result.left_out == ("collision", "progress")
    with pytest.raises(ValueError, match="collision"):
        compared(mine, theirs, ("collision",))


@pytest.mark.parametrize(("share", "word"), [(0, "HOLD"), (9, "BLOCK")])
def test_a_decision_page_tells_every_rule(share, word, tmp_path):
    tags = [("road:urban",)] * 12
    mine = report_of("new", tags, collision=[1] * share + [0] * (12 - share), driving_score=[0.8] * 12)
    old = report_of("old", tags, collision=[0] * 12, driving_score=[0.8] * 12)
    plan = GatePlan.from_plain({"regressions": [{"metric": "collision"}], "limits": [], "sign_offs": 1})
    decision = decide(mine, old, plan)
    path = tmp_path / "decision.html"
    path.write_text(page(decision), "utf-8")
    tree = well_formed(path)
    assert tree.xpath("string(//b[@class='word'])") == word
    rows = tree.xpath("//table[@id='rules-table']/tbody/tr")
    assert [row.get("data-outcome") for row in rows] == [reason.outcome.value for reason in decision.reasons]
    words = " ".join(tree.text_content().split())
    assert decision.digest() in words and decision.plan_digest in words and "Nobody has signed" in words
    assert all(" ".join(reason.text.split()) in words for reason in decision.against())
    compared_ = next(r for r in decision.reasons if r.rule == "regression")
    row = next(row for row in rows if row.get("data-rule") == "regression")
    assert row.xpath("string(./td[3])") == str(compared_.num)
    assert row.xpath("./td[6]/@data-sort")[0] == f"{share / 12:+.3g}"
    text = markdown(decision)
    assert text.startswith(f"# {word}") and f"{share / 12:+.3g} [" in text


def test_an_episode_page_holds_its_metrics_and_its_command(runs, tmp_path):
    _, reports, rollouts, _ = runs
    episode = next(each for each in reports["constant_speed"].episodes if each.failed)
    rollout = rollouts["constant_speed"][list(reports["constant_speed"].episodes).index(episode)]
    definitions = {name: info(METRICS[name]) for name in episode.metrics}
    path = write_episode_page(episode, rollout, definitions, "roadloom replay 'a b' x", tmp_path / "page.html")
    tree = well_formed(path)
    assert len(tree.xpath("//table[@id='metrics-table']/tbody/tr")) == len(episode.metrics)
    assert tree.xpath("//button/@data-copy") == ["roadloom replay 'a b' x"]
    assert episode.failures[0].reason in tree.text_content()


numbers = st.lists(st.one_of(st.none(), st.integers(-(10**7), 10**7)), min_size=1, max_size=60)


@given(numbers)
def test_packing_loses_nothing(values):
    assert undone(pack(values)) == values


@given(st.lists(st.integers(0, 3), max_size=60))
def test_run_lengths_lose_nothing(values):
    packed = run_lengths(values)
    assert [v for value, num in zip(packed[::2], packed[1::2], strict=True) for v in [value] * num] == values
    assert all(a != b for a, b in zip(packed[::2], packed[2::2], strict=False))


def in_node(code):
    """What a piece of script prints as JSON, with the functions of the pages at hand as `R`."""
    if NODE is None:
        pytest.skip("node is not installed; it runs the scripts of the pages")
    names = ("page", "birdseye", "plots", "player", "tables")
    script = "\n".join(f"require({json.dumps(str(HERE / f'{name}.js'))});" for name in names)
    script += f"\nconst R = globalThis.Roadloom; console.log(JSON.stringify((() => {{ {code} }})()));"
    done = subprocess.run([NODE, "-e", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_script_unpacks_what_python_packed():
    scene = scene_data(
        worlds.straight([[0, 0], [30, 0], [10, 3.5]], [10.0, 4.0, 0.0], lane_map=worlds.two_lane_road(),
                        valid=np.arange(120).reshape(40, 3) % 7 != 3)
    )  # fmt: skip
    packed = json.dumps(pack_scene(scene))
    opened = in_node(f"return R.openScene({packed});")
    assert [actor["x"] for actor in opened["actors"]] == [actor["x"] for actor in scene["actors"]]
    assert [actor["h"] for actor in opened["actors"]] == [actor["h"] for actor in scene["actors"]]
    assert opened["map"] == scene["map"]


def test_the_script_opens_a_replay_of_a_page(suite_page):
    _, played, _, tree = suite_page
    item = played[0]
    text = tree.xpath(f"//script[@id='{replay_id(item.episode.key)}']")[0].text
    replayed = in_node(f"return R.openReplay({json.dumps(text)});")
    (view,) = replayed["views"]
    speeds = series_of(item.rollout)[0].values
    assert view["series"][0]["values"] == pytest.approx(speeds[:: view["scene"]["every"]], abs=0.0051)
    assert replayed["until_s"] == pytest.approx(float(item.rollout.seconds()[-1]), abs=0.11)


def test_the_script_interpolates_and_finds_events():
    events = [
        {"k": 1, "kind": "collision", "who": ["ego", "a"]},
        {"k": 2, "kind": "goal_reached", "who": ["b"]},
    ]
    scene = {"num": 3, "actors": [{"group": "ego", "id": "ego"}], "events": events}
    got = in_node(f"""
        const scene = {json.dumps(scene)};
        return [R.between([0, 100, null], 0, 0.25), R.between([0, 100, null], 1, 0.5), R.between([7], 2, 0.5),
                R.eventAt(scene, 0), R.eventAt(scene, 2), R.unroll([3, 2, 1, 1])];""")
    assert got == [25, 100, 7, "", "collision", [3, 3, 1]]


def test_the_script_sorts_and_filters():
    got = in_node("""
        const keys = ["10", "9", "", "–", "2.5e-1", "abc"].map(R.keyOf);
        return [keys, R.order(keys, false), R.order(keys, true), R.order([1, 1, 0], true),
                R.matches("cut_in weather:rain", "CUT rain"), R.matches("cut_in weather:rain", "cut -rain"),
                R.matches("a", ""), R.matches("-", "-")];""")
    assert got == [[10, 9, None, None, 0.25, "abc"], [4, 1, 0, 5, 2, 3], [5, 0, 1, 4, 2, 3], [0, 1, 2],
                   True, False, True, True]  # fmt: skip


def test_the_script_draws_gaps_as_gaps():
    got = in_node(
        "return [R.pathOf([0, 1, null, 2], 1, 3, 0, 2, 30, 10), R.axisOf([[null]], 0), R.axisOf([[-3, 1]], 5)];"
    )
    assert got == ["M0.0 10.0L10.0 5.0M30.0 0.0", [0, 1], [-3, 5]]


@pytest.mark.extra
@pytest.mark.slow
def test_a_browser_runs_the_pages_without_an_error(suite_page, comparison, tmp_path):
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed; it opens the pages")
    for path in (suite_page[2], comparison[3]):
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--dump-dom",
             "--virtual-time-budget=3000", path.resolve().as_uri()],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        tree = html.fromstring(done.stdout)
        assert tree.get("data-ready") == "yes"
        assert len(tree.xpath("//figure[@class='plot']//*[local-name()='path'][contains(@class, 'cursor')]")) == 4
        assert tree.xpath("//button[@class='sort']")
        assert all(" of " in text for text in tree.xpath("//*[@data-filters]/*[@role='status']/text()"))
