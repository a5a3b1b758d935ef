"""The marks that stand beside a verdict's word, in the terminal and on the page: never a colour alone."""

from __future__ import annotations

from brokerlab.core.verdict import Verdict

MARK = {Verdict.HELD: "✓", Verdict.BROKEN: "✗", Verdict.INCONCLUSIVE: "?", Verdict.SKIPPED: "-"}
