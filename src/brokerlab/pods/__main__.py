"""`python -m brokerlab.pods keeper HOME | outpost | warden CONTROL PORT`: one pod's program. Exit code 2: none such."""

from __future__ import annotations

import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    match arguments:
        case ["keeper", home]:
            from brokerlab.pods import keeper

            keeper.main(Path(home))
        case ["outpost"]:
            from brokerlab.pods import outpost

            outpost.main()
        case ["warden", control, port]:
            from brokerlab.pods import warden

            warden.main(Path(control), int(port))
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
