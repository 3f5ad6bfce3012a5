"""Refreshes the generated pages of docs/ and checks every link and snippet.

    python tools/docs.py

Generated: the table of docs/benchmarks.md. Checked: relative links of every page lead to a file; the Python snippets
run (tests/docs).
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = re.compile(r"`[^`]*`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def main() -> int:
    """Refreshes and checks; returns the exit status."""
    sys.path.insert(0, str(ROOT))
    from roadloom.benchmarks import write_page

    print(f"refreshed {write_page().relative_to(ROOT)}")
    broken = broken_links()
    for line in broken:
        print(line, file=sys.stderr)
    snippets = subprocess.run([sys.executable, "-m", "pytest", "-q", "tests/docs"], cwd=ROOT, check=False)
    return 1 if broken or snippets.returncode else 0


def broken_links() -> list[str]:
    """One line for each relative link that leads nowhere."""
    lines: list[str] = []
    for page in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]:
        for number, text in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
            for target in LINK.findall(CODE.sub("", text)):
                if not (page.parent / target).exists():
                    lines.append(f"{page.relative_to(ROOT)}:{number}: the link {target!r} leads nowhere")
    return lines


if __name__ == "__main__":
    sys.exit(main())
