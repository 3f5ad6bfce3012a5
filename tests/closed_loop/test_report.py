"""The HTML report: every asset exists, nothing comes from the network, text is escaped, figures are right."""

import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lxml import html
from PIL import Image

from closed_loop.gates.decide import GatePlan, decide
from closed_loop.report.birdseye import scene_data
from closed_loop.report.data import (
    CheckSummary,
    Evaluation,
    Fact,
    GalleryGroup,
    GallerySample,
    MixtureRow,
    MixtureSummary,
    Picture,
    Refusal,
    ReportData,
    Scene,
    StageTime,
    ValidationSummary,
    one_per_kind,
    summarise_validation,
)
from closed_loop.report.film import COLORS, film_of, film_strip
from closed_loop.report.pages import encoded, script_json
from closed_loop.report.pictures import depth_picture, instance_picture, lidar_picture, semantic_picture
from closed_loop.report.render import write_report
from closed_loop.report.tables import headline_rows, shown_difference, slice_tables
from driving_data.errors import RoadloomError
from driving_data.geometry import SE3
from driving_data.rollout import SignalStates
from driving_data.sensors import LidarSweep
from driving_data.taxonomy import SEMANTIC_PALETTE, ActorClass, SemanticClass
from driving_data.verdict import ValidationReport, Verdict
from scenarios.concrete import RoadChoice
from scenarios.roads import build_road
from tests.closed_loop import worlds
from tests.closed_loop.reports import report_of

EVIL = '<script>alert("x")</script>'


def drive(**rest):
    return worlds.straight(
        [[0, 0], [30, 0], [10, 3.5]], [10.0, 4.0, 6.0], yaws=[0, 0, np.pi], lane_map=worlds.two_lane_road(),
        signals=SignalStates(("light",), np.full((40, 1), 3)), **rest,
    )  # fmt: skip


def full_data():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (60, 100, 3), dtype=np.uint8)
    picture = Picture("camera", f"picture {EVIL}", pixels)
    sample = GallerySample(
        "s1", EVIL, "A caption.", ("synthetic", EVIL), (picture, Picture("semantic", "classes", pixels))
    )
    tags = [("road:urban", "weather:rain")] * 12 + [("road:motorway", "weather:clear")] * 12
    mine = report_of("new", tags, [EVIL] * 24, collision=[1] + [0] * 23, driving_score=[0.8] * 24)
    old = report_of("old", tags, collision=[0] * 24, driving_score=[0.7] * 24)
    plan = GatePlan.from_plain({"regressions": [{"metric": "collision"}], "limits": []})
    return ReportData(
        title=f"Run {EVIL}",
        subtitle="What ran.",
        facts=(Fact("Segments", "24", "21 admitted"),),
        stages=(StageTime("render", 3.0, 4, "frames"), StageTime("mix", 1.0)),
        settings={"seed": "7", EVIL: EVIL},
        versions={"numpy": "2"},
        gallery=(GalleryGroup("cut in", (sample,)),),
        scenes=(
            Scene("s1", EVIL, "caption", (EVIL,), drive(), "failed", "hit somebody"),
            Scene("", "two", "", (), drive()),
        ),
        evaluation=Evaluation(mine, old, decide(mine, old, plan), failure_files={"new-0": "failures/new-0.json"}),
        validation=ValidationSummary(
            4, 3, (CheckSummary("physics.speed", "1.0.0", True, 3, 1, 2, "40 m/s"),), (Refusal("s1", EVIL, (EVIL,)),)
        ),
        mixture=MixtureSummary((MixtureRow("real", 0.6, 0.55, {"train": 3, "val": 1}, 2),), ("No family crosses.",)),
        provenance={"s1": {"scenario": EVIL, "seed": 3, "draws": {"a": [1, 2]}}},
        notes=("A note.",),
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = write_report(full_data(), tmp_path_factory.mktemp("report"))
    return path, path.read_text("utf-8"), html.fromstring(path.read_text("utf-8"))


def test_every_asset_exists_and_is_used(page):
    path, _, tree = page
    used = {*tree.xpath("//@src"), *tree.xpath("//@data-large")}
    assert used
    assert {str(Path(name)) for name in used} == {f"assets/{file.name}" for file in (path.parent / "assets").iterdir()}
    assert not list(path.parent.glob(".*"))


def test_nothing_comes_from_the_network(page):
    _, text, tree = page
    for name in [*tree.xpath("//@src"), *tree.xpath("//@href"), *tree.xpath("//@action")]:
        assert name.startswith(("#", "assets/")), name
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    assert "url(" not in text


def test_text_from_outside_is_escaped(page):
    _, text, tree = page
    assert EVIL not in text
    assert len(tree.xpath("//script[not(@type='application/json')]")) == 1
    assert tree.xpath("//h1")[0].text == f"Run {EVIL}"
    records = json.loads(tree.xpath("//script[@id='provenance-data']")[0].text)
    assert records["s1"]["scenario"] == EVIL
    assert json.loads(str(script_json({"a": "</script><!-- \u2028 &"}))) == {"a": "</script><!-- \u2028 &"}


def test_every_link_within_the_page_arrives(page):
    _, _, tree = page
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    for name in [
        *tree.xpath("//a/@href"),
        *(f"#{name}" for name in tree.xpath("//@aria-controls | //@aria-labelledby")),
    ]:
        assert name[1:] in ids
    known = json.loads(tree.xpath("//script[@id='provenance-data']")[0].text)
    for name in tree.xpath("//@data-provenance"):
        assert name in known


def test_every_picture_has_words_and_every_control_a_name(page):
    _, _, tree = page
    for image in tree.xpath("//img[not(ancestor::dialog)]"):
        assert image.get("alt")
    for button in tree.xpath("//button | //input"):
        assert button.get("aria-label") or button.text_content().strip() or button.xpath(".//img/@alt")
    assert tree.get("lang") == "en"
    assert tree.xpath("//nav/@aria-label")


def test_figures_reach_the_page(page):
    _, _, tree = page
    words = " ".join(tree.text_content().split())
    assert "HOLD" in words and "new against old on suite suite" in words
    assert "3 of 4 segments were admitted" in words
    assert "failures/new-0.json" in words
    assert "4 %" in words
    replays = [json.loads(script.text) for script in tree.xpath("//script[@class='replay-data']")]
    assert [replay["views"][0]["scene"]["num"] for replay in replays] == [40, 40]


def test_rewriting_replaces_the_old_report(tmp_path):
    write_report(full_data(), tmp_path)
    path = write_report(ReportData("Nothing ran"), tmp_path)
    tree = html.fromstring(path.read_text("utf-8"))
    assert not list((tmp_path / "assets").iterdir())
    assert not tree.xpath("//section[@id='worlds' or @id='evaluation' or @id='gallery']")


def test_a_sample_without_provenance_is_refused(tmp_path):
    data = ReportData("x", scenes=(Scene("ghost", "a", "", (), drive()),))
    with pytest.raises(RoadloomError, match="no provenance for ghost"):
        write_report(data, tmp_path)


@pytest.mark.parametrize("angle", [0.0, 1.1])
def test_scenes_are_level_whatever_the_map_frame(angle):
    data = scene_data(worlds.move(drive(), angle, (500.0, -300.0)))
    ego = next(actor for actor in data["actors"] if actor["group"] == "ego")
    assert (ego["x"][0], ego["y"][0], ego["h"][0]) == (0, 0, 0)
    assert ego["x"][-1] == pytest.approx(3900, abs=1)
    assert max(abs(y) for y in ego["y"]) <= 1
    assert data["signals"][0]["state"] == [3] * 40
    outer = np.array(data["map"]["road"][0][0]).reshape(-1, 2)
    assert outer[:, 1].min() == pytest.approx(-177, abs=4)
    assert outer[:, 1].max() == pytest.approx(527, abs=4)
    json.dumps(data, allow_nan=False)


def test_absent_actors_are_null_and_long_rollouts_are_thinned():
    valid = np.ones((400, 3), dtype=bool)
    valid[:200, 1] = False
    data = scene_data(worlds.straight([[0, 0], [30, 0], [9, 3.5]], [1.0, 1.0, 0.0], num_steps=400, valid=valid))
    late = next(actor for actor in data["actors"] if actor["id"] == "actor_1")
    still = next(actor for actor in data["actors"] if actor["id"] == "actor_2")
    assert data["num"] <= 150
    assert late["x"][0] is None
    assert late["x"][-1] is not None
    assert len(still["x"]) == 1


def test_a_film_strip_shows_the_ego_in_its_colour():
    strip = film_strip(drive(), num_frames=3, width_px=200, height_px=120)
    assert strip.shape == (120, 3 * 200 + 2 * 6, 3)
    for k in range(3):
        tile = strip[:, k * 206 : k * 206 + 200].astype(int)
        assert (np.abs(tile - [15, 139, 141]).sum(axis=-1) < 12).sum() > 30


def test_a_film_strip_in_a_page_keeps_the_colours_of_small_actors():
    kinds = [ActorClass.CAR, ActorClass.BICYCLE, ActorClass.PEDESTRIAN]
    sizes = [[4.0, 2.0, 1.5], [1.8, 0.6, 1.6], [0.5, 0.5, 1.8]]
    rollout = worlds.straight(
        [[0, 0], [25, 1], [40, 3.5]], [10.0, 4.0, 1.0], lane_map=worlds.two_lane_road(), kinds=kinds, sizes=sizes
    )
    content, ending, _ = encoded("film", film_strip(rollout), 1240)
    with Image.open(io.BytesIO(content)) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert ending == "png"
    for group in ("two_wheeler", "person"):
        assert (np.abs(pixels - COLORS[group]).sum(axis=-1) < 24).sum() > 40


def test_label_pictures_keep_exact_colours(tmp_path):
    semantic = np.full((50, 900), int(SemanticClass.CAR), dtype=np.uint8)
    sample = GallerySample("a", "a", "", (), (Picture("semantic", "classes", semantic_picture(semantic)),))
    write_report(ReportData("x", gallery=(GalleryGroup("g", (sample,)),), provenance={"a": {}}), tmp_path)
    pixels = np.asarray(Image.open(tmp_path / "assets" / "0000.png"))
    assert pixels.shape[1] == 640
    assert (pixels == SEMANTIC_PALETTE[SemanticClass.CAR]).all()


def test_pictures_of_sensors():
    depth = depth_picture(np.array([[2.0, 80.0, np.inf]]))
    assert depth[0, 0, 0] > 100 > depth[0, 1, 0]
    assert depth[0, 2].tolist() == [225, 230, 238]
    colors = instance_picture(np.array([[0, 1, 2]], dtype=np.uint16))
    assert len({tuple(color) for color in colors[0].tolist()}) == 3
    points = np.array([[10.0, 0, 0], [0, 10.0, 0]], dtype=np.float32)
    sweep = LidarSweep("top", 0, SE3.identity(), points, np.ones(2, np.float32), np.zeros(2, int), np.zeros(2, int))
    picture = lidar_picture(sweep, size_px=80, range_m=40.0).astype(int)
    bright = np.argwhere(picture.max(axis=-1) > 60)
    assert {tuple(p) for p in bright.tolist()} >= {(30, 40), (40, 30)}


def test_validation_is_summed_per_check():
    verdicts = (
        Verdict("a", "1", True, 0.1, 0.5),
        Verdict("b", "1", False, 0.9, 0.5, "m", reason="too far"),
        Verdict("c", "1", True, 0.0, 0.5, applicable=False),
    )
    got = summarise_validation([ValidationReport("s1", verdicts), ValidationReport("s2", verdicts[:1])])
    assert (got.num_judged, got.num_admitted) == (2, 1)
    assert [(c.check, c.num_passed, c.num_failed, c.num_not_applicable) for c in got.checks] == [
        ("a", 2, 0, 0), ("b", 0, 1, 0), ("c", 0, 0, 1),
    ]  # fmt: skip
    assert got.refusals[0].reasons == ("b: too far",)


def test_tables_hold_the_estimates():
    data = full_data()
    rows = headline_rows(data.evaluation)
    assert [row.metric.id for row in rows] == ["driving_score", "collision"]
    assert rows[0].verdict == "better"
    assert shown_difference(rows[1].comparison.difference, rows[1].metric) == "+4 pp"
    (first, *_) = slice_tables(data.evaluation)
    assert [row.label for row in first.rows][:3] == ["all", "road:motorway", "road:urban"]


def test_failed_scenes_come_before_others_of_their_kind():
    scenes = [
        Scene("", "a", "", (), drive(), "ok"),
        Scene("", "b", "", (), drive()),
        Scene("", "a", "", (), drive(), "failed"),
    ]
    assert [(scene.title, scene.outcome) for scene in one_per_kind(scenes)] == [("a", "failed"), ("b", "")]


@pytest.mark.parametrize(("control", "kinds"), [
    ("stop", {"stop": 2, "priority": 2}), ("yield", {"yield": 2, "priority": 2}), ("all_way_stop", {"stop": 4}),
    ("signals", {}),
])  # fmt: skip
def test_signs_that_say_who_goes_first_are_drawn_where_they_stand(control, kinds):
    """A plate per sign, at its place in the frame of the ego's start, in its colour in the picture."""
    lane_map = build_road(RoadChoice("crossroads", {"control": control}))
    rollout = replace(drive(), lane_map=lane_map)
    data = scene_data(rollout)
    plates = data["map"]["plates"]
    assert Counter(plate["kind"] for plate in plates) == kinds
    x, y, heading = data["origin"]
    turn = np.array([[np.cos(heading), -np.sin(heading)], [np.sin(heading), np.cos(heading)]])
    world = [np.array([x, y]) + turn @ (np.array(plate["p"]) / 100.0) for plate in plates]
    wanted = [sign.position_m[:2] for sign in lane_map.signs if sign.kind in ("stop", "yield", "priority")]
    for place in world:
        assert min(np.linalg.norm(place - one) for one in wanted) < 0.02
    for plate in plates:
        centred = {**data, "actors": [
            {**actor, "x": [plate["p"][0] - 1500], "y": [plate["p"][1]], "h": [0]} if actor["group"] == "ego" else actor
            for actor in data["actors"]
        ]}  # fmt: skip
        picture = film_of(centred, 1, 300, 190)
        face = {"stop": (190, 40, 45), "yield": (255, 255, 255), "priority": (242, 190, 40)}[plate["kind"]]
        assert np.abs(picture[95, 150].astype(int) - face).max() < 12
