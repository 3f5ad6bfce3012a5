"""Equality with rtamt 0.4.10: against stored outputs always, against rtamt itself where its environment exists.

`python -m tests.closed_loop.rules.test_rtamt` writes the stored outputs anew; with a number it compares that many
fresh formulae instead.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from closed_loop.rules import parse, robustness
from closed_loop.rules.evaluate import evaluation, trace_of
from closed_loop.rules.formula import Join, walk
from tests.closed_loop.rules.random_formulae import random_cases
from tests.tools.devkits import DevkitError, devkit_python

HERE = Path(__file__).resolve().parent
GOLDEN = HERE / "golden" / "rtamt_0_4_10.json"
REQUIREMENTS = ("rtamt==0.4.10", "setuptools<80")


def ask_rtamt(cases):
    """What rtamt says of the cases: a list of margins, or the text of its error."""
    python = devkit_python("rtamt", REQUIREMENTS)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "cases.json", Path(folder) / "out.json"
        source.write_text(json.dumps(cases), "utf-8")
        command = [str(python), "-W", "ignore", str(HERE / "ask_rtamt.py"), str(source), str(target)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=3000, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(target.read_text("utf-8"))


def compares_infinities(formula, signals):
    """Whether an iff or xor meets two equal infinite margins: rtamt makes NaN of inf - inf, we say equal."""
    running = evaluation(formula, trace_of(formula, signals), 1.0)
    for node in walk(formula.root):
        if isinstance(node, Join) and node.op in ("iff", "xor"):
            left, right = running.value(node.left), running.value(node.right)
            if (np.isinf(left) & (left == right)).any():
                return True
    return False


def compare(cases, theirs):
    """(equal to the last bit, equal within 1e-12, left out because of inf - inf, unlike ones)."""
    same = close = left_out = 0
    unlike = []
    for case, margins in zip(cases, theirs, strict=True):
        signals = {name: np.array(values) for name, values in case["trace"].items()}
        formula = parse(case["spec"])
        ours = robustness(formula, signals, 1.0)
        if isinstance(margins, str):
            unlike.append((case["spec"], margins))
        elif compares_infinities(formula, signals):
            left_out += 1
        elif np.array_equal(ours, margins):
            same += 1
        elif np.allclose(ours, margins, rtol=1e-12, atol=1e-12):
            close += 1
        else:
            unlike.append((case["spec"], margins))
    return same, close, left_out, unlike


def test_stored_outputs_of_rtamt_are_ours():
    stored = json.loads(GOLDEN.read_text("utf-8"))
    cases = [{"spec": one["spec"], "trace": one["trace"]} for one in stored["cases"]]
    same, close, _, unlike = compare(cases, [one["margins"] for one in stored["cases"]])
    assert not unlike
    assert same + close >= 0.97 * len(cases) and same > 0.9 * len(cases)
    words = {word for one in cases for word in ("always[", "always (", "eventually[", "until[", "until ", "since[",
             "since ", "unless[", "historically[", "once[", "prev", "s_prev", "next", "s_next", "rise", "fall", "iff",
             "xor", "implies", "and", "or", "not", "abs", "exp") if word in one["spec"]}  # fmt: skip
    assert len(words) == 24, "the stored formulae use every operator"


@pytest.mark.extra
@pytest.mark.slow
def test_fresh_formulae_agree_with_rtamt():
    cases = random_cases(400, seed=20260101)
    try:
        theirs = ask_rtamt(cases)
    except DevkitError as error:
        if error.unreachable:
            pytest.skip("rtamt is not installed and pip reaches no registry")
        raise
    same, close, _, unlike = compare(cases, theirs)
    assert not unlike
    assert same + close >= 0.97 * len(cases)


def _write_golden():
    cases = random_cases(260, seed=7)
    theirs = ask_rtamt(cases)
    rows = [{**case, "margins": margins} for case, margins in zip(cases, theirs, strict=True)]
    GOLDEN.parent.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    GOLDEN.write_text(f'{{"made_by": "rtamt 0.4.10, discrete time, offline", "cases": [\n{lines}\n]}}\n', "utf-8")


def _compare_many(count, seed):
    cases = random_cases(count, seed=seed)
    same, close, left_out, unlike = compare(cases, ask_rtamt(cases))
    samples = sum(len(case["trace"]["p"]) for case in cases)
    print(f"{count} formulae, {samples} margins: {same} equal to the last bit, {close} within 1e-12, "
          f"{left_out} left out (inf - inf), {len(unlike)} unlike")  # fmt: skip
    for spec, margins in unlike[:5]:
        print(spec, margins)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _compare_many(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    else:
        _write_golden()
