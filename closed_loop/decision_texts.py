"""A decision for machines and people: JSON, JUnit XML, Markdown, and a page."""

import json
from pathlib import Path
from xml.etree import ElementTree

from closed_loop.decisions import DeploymentDecision, GateReason, Outcome
from closed_loop.results import write_json, write_whole
from driving_data.errors import Fault, InputError
from driving_data.plain import from_plain, to_plain

WORDS = {Outcome.PASS: "PASS", Outcome.HOLD: "HOLD", Outcome.BLOCK: "BLOCK"}


def write_decision(decision: DeploymentDecision, folder: Path) -> tuple[Path, ...]:
    """Writes `decision.json`, `.xml` (JUnit), `.md` and `.html` into a folder."""
    return (
        write_json(folder / "decision.json", {**to_plain(decision), "digest": decision.digest()}),
        write_whole(folder / "decision.xml", (junit(decision),)),
        write_whole(folder / "decision.md", (markdown(decision),)),
        write_whole(folder / "decision.html", (page(decision),)),
    )


def read_decision(path: Path) -> DeploymentDecision:
    """A decision from `decision.json`.

    Raises:
        InputError: it is none, or has been changed since it was written.
    """
    try:
        plain = json.loads(path.read_text("utf-8"))
        written = plain.pop("digest", "")
        decision = from_plain(DeploymentDecision, plain)
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            [Fault(str(path), 0, 0, "", "not-a-decision", "", f"a decision of the gate: {error}")]
        ) from error
    if decision.digest() != written:
        raise InputError([Fault(str(path), 0, 0, "digest", "changed", written[:12], "the decision as it was written")])
    return decision


def junit(decision: DeploymentDecision) -> str:
    """JUnit XML: one test case for each reason; BLOCK is a failure, HOLD an error, so that neither is ever green."""
    counts = {outcome: sum(reason.outcome is outcome for reason in decision.reasons) for outcome in Outcome}
    attributes = {
        "name": f"gate: {decision.candidate} against {decision.baseline}",
        "tests": str(len(decision.reasons)),
        "failures": str(counts[Outcome.BLOCK]),
        "errors": str(counts[Outcome.HOLD]),
    }
    suite = ElementTree.Element("testsuite", attributes)
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (("outcome", WORDS[decision.outcome]), ("digest", decision.digest()),
                        ("plan", decision.plan_digest), ("suite", decision.suite_digest)):  # fmt: skip
        ElementTree.SubElement(properties, "property", {"name": name, "value": value})
    for reason in decision.reasons:
        case = ElementTree.SubElement(suite, "testcase", {"classname": f"gate.{reason.rule}", "name": _title(reason)})
        if reason.outcome is not Outcome.PASS:
            kind = "failure" if reason.outcome is Outcome.BLOCK else "error"
            ElementTree.SubElement(case, kind, {"message": reason.text, "type": reason.outcome.value})
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _title(reason: GateReason) -> str:
    return " ".join(part for part in (reason.metric, reason.slice) if part)


COLUMNS = ("rule", "metric", "slice", "pairs", "candidate", "baseline", "difference", "only new / only old", "p",
           "p (Holm)", "threshold", "verdict")  # fmt: skip


def rows_of(decision: DeploymentDecision) -> tuple[tuple[str, ...], ...]:
    """The reasons as rows of texts, under `COLUMNS`."""
    return tuple(_row(reason) for reason in decision.reasons)


def _row(r: GateReason) -> tuple[str, ...]:
    interval = "" if r.low is None or r.high is None else f"[{r.low:.3g}, {r.high:.3g}]"
    flips = "" if r.num_only_candidate is None else f"{r.num_only_candidate} / {r.num_only_baseline}"
    return (r.rule, r.metric, r.slice, str(r.num), _text(r.candidate), _text(r.baseline), interval, flips,
            _text(r.p_value), _text(r.p_adjusted), f"{r.threshold:g}", WORDS[r.outcome])  # fmt: skip


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _sections(decision: DeploymentDecision) -> list[str]:
    """Head of both texts: what, against what, under which plan, with what."""
    versions = ", ".join(f"{name} {version}" for name, version in (decision.versions or {}).items())
    return [
        f"{decision.candidate} against {decision.baseline} on suite {decision.suite}",
        f"decision {decision.digest()[:16]}, plan {decision.plan_digest[:16]}, suite {decision.suite_digest[:16]}",
        f"versions: {versions or 'unknown'}; what is shown holds for this suite and this simulator",
    ]


def markdown(decision: DeploymentDecision) -> str:
    """The decision as Markdown."""
    lines = [f"# {WORDS[decision.outcome]}", ""]
    lines += [f"{line}  " for line in _sections(decision)]
    lines += ["", "## Against it", ""]
    lines += [f"- **{WORDS[reason.outcome]}** {reason.text}" for reason in decision.against()] or ["Nothing."]
    lines += ["", "## Every rule", "", "| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows_of(decision)]
    lines += ["", f"## Flips ({decision.num_flips})", "", "Scenarios in which exactly one of the two fails.", ""]
    lines += [f"- {flip.fails} fails in {flip.scenario} {flip.scenario_digest[:12]}: {flip.reason}: `{flip.command}`"
              for flip in decision.flips]  # fmt: skip
    lines += ["", "## Signatures", ""]
    lines += [f"- {s.reviewer}, {s.date}: {s.statement or 'signed'}" for s in decision.sign_offs] or ["None."]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1d2430; }
h1 span { padding: .1em .5em; border-radius: .3em; color: #fff; }
.pass { background: #1f7a4d; } .hold { background: #a35c00; } .block { background: #b3261e; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
.wide { overflow-x: auto; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d7dce3; vertical-align: top; }
td b { padding: 0 .4em; border-radius: .3em; color: #fff; font-weight: 600; }
code { background: #f0f2f5; padding: 0 .3em; } .muted { color: #5a6473; }
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ word }}: {{ d.candidate }} against {{ d.baseline }}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{{ style }}</style></head><body>
<h1><span class="{{ d.outcome.value }}">{{ word }}</span> {{ d.candidate }} against {{ d.baseline }}</h1>
{% for line in sections %}<p class="muted">{{ line }}</p>{% endfor %}
<h2>Against it</h2>
{% if against %}<ul>{% for r in against %}<li>{{ r.text }}</li>{% endfor %}</ul>{% else %}<p>Nothing.</p>{% endif %}
<h2>Every rule</h2><div class="wide"><table><thead><tr>{% for c in columns %}<th>{{ c }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in rows %}<tr>{% for cell in row[:-1] %}<td>{{ cell }}</td>{% endfor %}
<td><b class="{{ row[-1] | lower }}">{{ row[-1] }}</b></td></tr>{% endfor %}</tbody></table></div>
<h2>Flips</h2><p class="muted">{{ d.num_flips }} scenarios in which exactly one of the two fails.</p>
<ul>{% for f in d.flips %}
<li>{{ f.fails }} fails in {{ f.scenario }}: {{ f.reason }}<br><code>{{ f.command }}</code></li>
{% endfor %}</ul>
<h2>Signatures</h2>
{% if d.sign_offs %}<ul>{% for s in d.sign_offs %}<li>{{ s.reviewer }}, {{ s.date }}: {{ s.statement }}</li>{% endfor %}
</ul>{% else %}<p>None.</p>{% endif %}
</body></html>
"""


def page(decision: DeploymentDecision) -> str:
    """The decision as an HTML page that needs nothing else."""
    from jinja2 import Environment

    template = Environment(autoescape=True).from_string(_PAGE)
    return template.render(
        d=decision, word=WORDS[decision.outcome], style=_STYLE, sections=_sections(decision),
        against=decision.against(), columns=COLUMNS, rows=rows_of(decision),
    )  # fmt: skip
