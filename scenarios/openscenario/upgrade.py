"""Older spellings of OpenSCENARIO XML (0.9 catalogs, 1.0, 1.1, 1.2) turned into those of 1.3, before any check.

Each rule is a small function over one element; the tables of `upgrade_1` and `upgrade_0` say at which tags it is tried.
What changes a value or had to be assumed leaves a note with the line.
"""

import re

from driving_data.errors import Fault
from scenarios.openscenario import upgrade_0, upgrade_1
from scenarios.openscenario.upgrade_1 import Upgrade
from scenarios.openscenario.xml import Element


def upgrade(root: Element, source: str, notes: list[Fault]) -> str:
    """Turns a tree into the spelling of 1.3, in place; the revision that the file declares."""
    header = next((child for child in root.children if child.tag == "FileHeader"), None)
    major, minor = _revision(header)
    state = Upgrade(source, (major, minor), notes)
    if major == 0:
        _walk(state, root, upgrade_0.RULES)
    _walk(state, root, upgrade_1.RULES)
    if header is not None and {"revMajor", "revMinor"} <= set(header.attributes):
        header.attributes |= {"revMajor": "1", "revMinor": "3"}
    return f"{major}.{minor}"


def _revision(header: Element | None) -> tuple[int, int]:
    def number(name: str, default: int) -> int:
        text = header.attributes.get(name, "").strip() if header is not None else ""
        return int(text) if re.match(r"\d{1,4}\Z", text) else default

    return number("revMajor", 1), number("revMinor", 3)


def _walk(state: Upgrade, element: Element, rules: upgrade_1.Rules) -> None:
    for rule in (*rules.get("*", ()), *rules.get(element.tag, ())):
        rule(state, element)
    for child in list(element.children):
        _walk(state, child, rules)
