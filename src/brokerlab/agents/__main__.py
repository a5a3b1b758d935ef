"""`python -m brokerlab.agents SPEC.json`: one agent in a process of its own, so that it can be killed.

Without an argument: a fork server of agents on its standard input (see `labs.local.fork_server`).

Orders come in as lines on standard input, progress goes out as JSON lines on standard output, the log to standard
error.
Exit codes: 0 done; 3 whoever started it is gone; else those of `brokerlab.core.errors`.
"""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
import traceback
from pathlib import Path

from brokerlab.agents.orders import Orders, follow
from brokerlab.agents.progress import Report
from brokerlab.core.agent import AgentSpec
from brokerlab.core.codec import agent_from_json
from brokerlab.core.errors import BrokerlabError
from brokerlab.metrics.agent import use_folder

NEEDED = ("brokerlab.agents.work", "prometheus_client.values")


def main(path: str) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us; we end when our input does
    orders, report = Orders(), Report(_tell)
    follow(orders, sys.stdin)
    try:
        spec = _spec(path)
        use_folder(spec.metrics)
        from brokerlab.agents.work import work
        from brokerlab.catalog import broker, store

        gc.disable()  # the loops make no cycles, and millions of messages make collections expensive
        work(spec, broker(spec.broker), orders, report, store(spec.store) if spec.store else None)
    except BrokerlabError as error:
        report.become("failed", error=error.message, hint=error.hint)
        return error.exit_code
    except Exception as error:
        traceback.print_exc()
        report.become("failed", error=f"a bug: {type(error).__name__}: {error}")
        return BrokerlabError.exit_code
    return 0


def serve() -> None:
    """Fork agents until whoever asks for them is gone."""
    import socket

    from brokerlab.labs.local import fork_server

    gc.disable()  # for all of them, as in `main`
    fork_server.serve(socket.socket(fileno=sys.stdin.fileno()), _prepare, main)


def _prepare(path: str) -> None:
    """Import what this agent will need, once for all that are forked after it."""
    from brokerlab.catalog import broker, import_modules

    with contextlib.suppress(Exception):  # whatever is wrong, the agent itself will say it
        spec = _spec(path)
        import_modules(NEEDED)
        for name in filter(None, (spec.broker, spec.store)):
            import_modules(broker(name).clients)


def _spec(path: str) -> AgentSpec:
    return agent_from_json(Path(path).read_text(encoding="utf-8"))


def _tell(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(main(sys.argv[1]))
    serve()
