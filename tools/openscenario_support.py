"""Writes docs/openscenario_support.md: which features of OpenSCENARIO XML 1.3 are read, written and played.

python tools/openscenario_support.py
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Writes the page."""
    sys.path.insert(0, str(ROOT))
    from scenarios.openscenario.support import page

    target = ROOT / "docs" / "openscenario_support.md"
    target.write_text(page(), encoding="utf-8")
    print(f"wrote {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
