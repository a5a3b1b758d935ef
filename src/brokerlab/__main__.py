"""`python -m brokerlab`, and the `brokerlab` command: nothing but the way into the command line."""

from __future__ import annotations

import sys

from brokerlab.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
