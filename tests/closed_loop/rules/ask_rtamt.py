"""Runs in rtamt's own environment: reads cases from a file, writes the robustness that rtamt gives them."""

import json
import logging
import sys

import rtamt  # pyright: ignore[reportMissingImports]


def main(source, target):
    logging.disable(logging.CRITICAL)
    out = []
    with open(source, encoding="utf-8") as file:
        cases = json.load(file)
    for case in cases:
        spec = rtamt.StlDiscreteTimeSpecification()
        for name in case["trace"]:
            spec.declare_var(name, "float")
        spec.spec = case["spec"]
        try:
            spec.parse()
            count = len(next(iter(case["trace"].values())))
            found = spec.evaluate({"time": list(range(count)), **{k: list(v) for k, v in case["trace"].items()}})
            out.append([value for _, value in found])
        except Exception as error:
            out.append(f"{type(error).__name__}: {error}"[:300])
    with open(target, "w", encoding="utf-8") as file:
        json.dump(out, file)


main(sys.argv[1], sys.argv[2])
