"""A decision for machines and people: JSON, JUnit XML, Markdown, and a page."""

import json
from pathlib import Path
from xml.etree import ElementTree

from closed_loop.gates.decisions import DeploymentDecision, GateReason, Outcome
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
    if r.candidate is not None and r.baseline is not None:
        interval = f"{r.candidate - r.baseline:+.3g} {interval}".rstrip()
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
    lines += [
        "",
        f"## Flips ({decision.num_flips})",
        "",
        "Scenarios in which exactly one of the two fails. Commands are for the folder of the report of who fails.",
        "",
    ]
    lines += [f"- {flip.fails} fails in {flip.scenario} {flip.scenario_digest[:12]}: {flip.reason}: `{flip.command}`"
              for flip in decision.flips]  # fmt: skip
    lines += ["", "## Signatures", ""]
    lines += [f"- {s.reviewer}, {s.date}: {s.statement or 'signed'}" for s in decision.sign_offs] or ["None."]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def page(decision: DeploymentDecision) -> str:
    """The decision as an HTML page that needs nothing else."""
    # Templates are loaded only where a page is asked for.
    from closed_loop.report.decision_page import decision_page

    return decision_page(decision)
