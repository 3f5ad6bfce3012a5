"""What every test process needs and only one need make: the simulator's machine code and the modules' byte code.

`make test` and `make check` run this beside the type checker, which keeps one core busy, before the tests take both.
Two test processes that start on empty caches would compile all of it side by side, each for itself.
"""

import io
import sys
from contextlib import redirect_stdout

import pytest


def main() -> int:
    """Compiles; returns the exit status."""
    said = io.StringIO()
    with redirect_stdout(said):
        status = int(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider"]))
    if status:
        print(said.getvalue())
        return status
    # Only now: what is imported before pytest starts is not checked, and byte code of checked modules is another file.
    from tests.sim_bridge import worlds

    session = worlds.simulator().open([worlds.scenario()], [0])
    session.run(1, "idm_lane_follow")
    session.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
