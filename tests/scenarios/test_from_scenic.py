"""The scenarios of the page for those who come from Scenic can be read and drawn."""

import re
from pathlib import Path

from scenarios.spec.reader import read_text
from scenarios.types.manoeuvres import ACTIONS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "from_scenic.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_scenarios_of_the_page_can_be_drawn() -> None:
    assert len(BLOCKS) == 2
    for block in BLOCKS:
        logical = read_text(block)
        for index in range(5):
            assert logical.sample(0, index) in logical


def test_the_actions_that_the_page_names_exist() -> None:
    named = set(
        re.findall(r"`(brake|lead_brake|change_speed|change_lane|cut_in|turn|cross|wait|repeat|follow_path)`", PAGE)
    )
    assert len(named) >= 7
    assert named <= set(ACTIONS)
