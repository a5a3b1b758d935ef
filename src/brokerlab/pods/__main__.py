"""`python -m brokerlab.pods keeper HOME | outpost | warden CONTROL DATA PORT [OUTER INNER]`: a program of our pods."""

from __future__ import annotations

import sys
from pathlib import Path

from brokerlab.core.remote import PASSWORDS, PRIVATE
from brokerlab.pods import passwords


def main(arguments: list[str]) -> int:
    match arguments:
        case ["keeper", home]:
            from brokerlab.pods import keeper

            passwords.take(Path(PASSWORDS), Path(PRIVATE))
            keeper.main(Path(home))
        case ["outpost"]:
            from brokerlab.pods import outpost

            passwords.take(Path(PASSWORDS), Path(PRIVATE))
            outpost.main()
        case ["warden", control, data, port, *link]:
            from brokerlab.pods import warden

            outer_and_inner = (int(link[0]), int(link[1])) if link else None
            warden.main(Path(control), Path(data), int(port), outer_and_inner)
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
