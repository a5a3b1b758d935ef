"""The hosts file's block, over arbitrary files: what is ours is found, and every other byte stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerlab.cluster import hosts
from brokerlab.core.errors import LabError, UsageError

START, END = b"# >>> minikube-workshop-mb", b"# <<< minikube-workshop-mb"
ENTRIES = {"grafana.test": "192.168.49.2", "prometheus.test": "192.168.49.2"}

newlines = st.sampled_from([b"\n", b"\r\n"])
line = st.one_of(
    st.binary(max_size=12).map(lambda text: text.replace(b"\n", b"")),
    st.sampled_from([b"", b"127.0.0.1 localhost", b"# a comment", b"::1 localhost # six", b"\xff\xfe", b"# >>> other"]),
)
files = st.one_of(
    st.binary(max_size=200),
    st.tuples(st.lists(line, max_size=8), newlines, st.booleans()).map(
        lambda parts: parts[1].join(parts[0]) + (parts[1] if parts[2] and parts[0] else b"")
    ),
).filter(lambda content: START not in content and END not in content)
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
names = st.lists(labels, min_size=1, max_size=3).map(".".join)
entries = st.dictionaries(names, st.ip_addresses().map(str), max_size=5)


@given(files, entries)
def test_what_was_added_is_removed_without_a_trace(content: bytes, wanted: dict[str, str]) -> None:
    assert hosts.remove(hosts.put(content, wanted)) == content


@given(files, entries)
def test_twice_is_once(content: bytes, wanted: dict[str, str]) -> None:
    once = hosts.put(content, wanted)
    assert hosts.put(once, wanted) == once
    assert once.count(START) == once.count(END) == 1


@given(files, entries, entries)
def test_a_later_block_replaces_the_earlier_one_where_it_stood(
    content: bytes, first: dict[str, str], second: dict[str, str]
) -> None:
    before, after = hosts.put(content, first), hosts.put(hosts.put(content, first), second)
    block = hosts.find(after)
    assert block is not None
    assert block.entries == second
    assert after == hosts.put(content, second)
    assert after[: block.start] == before[: block.start]


@given(files)
def test_a_file_without_our_block_is_left_as_it_is(content: bytes) -> None:
    assert hosts.find(content) is None
    assert hosts.remove(content) == content
    assert hosts.diff(content, hosts.remove(content), "hosts") == ""


@given(st.lists(st.one_of(line, st.sampled_from([START, END, b"  " + START + b" "])), max_size=8), newlines)
def test_markers_pair_up_or_are_reported(lines: list[bytes], newline: bytes) -> None:
    content = newline.join(lines)
    marks = [mark.strip() for mark in lines if mark.strip() in {START, END}]
    if marks in ([], [START, END]):
        assert (hosts.find(content) is None) == (not marks)
    else:
        for change in (hosts.find, hosts.remove, lambda text: hosts.put(text, ENTRIES)):
            with pytest.raises(LabError, match="do not pair up"):
                change(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a\n" + START + b"\nb\n", "mb' on line 2, '# <<< minikube-workshop-mb' on line none"),
        (END + b"\n" + START + b"\n", "on line 2, '# <<< minikube-workshop-mb' on line 1"),
        (b"\n".join([START, START, END, END]), "on line 1, 2, '# <<< minikube-workshop-mb' on line 3, 4"),
        (
            b"\n".join([START, b"1.1.1.1 a", END + b"2.2.2.2 glued"]),
            "on line 1, '# <<< minikube-workshop-mb' on line",
        ),
    ],
)
def test_broken_markers_are_named_by_line(content: bytes, said: str) -> None:
    with pytest.raises(LabError) as caught:
        hosts.put(content, ENTRIES)
    assert said in caught.value.message


def test_the_blocks_own_text() -> None:
    assert hosts.put(b"127.0.0.1 localhost\r\nlast", ENTRIES) == (
        b"127.0.0.1 localhost\r\n# >>> minikube-workshop-mb\r\n192.168.49.2 grafana.test\r\n"
        b"192.168.49.2 prometheus.test\r\n# <<< minikube-workshop-mb\r\nlast"
    )


def test_the_taskfiles_block_is_taken_over() -> None:
    theirs = b"127.0.0.1 x\n" + START + b"\n192.168.49.2 headlamp.test grafana.test # them\n" + END + b"\n9.9.9.9 y\n"
    block = hosts.find(theirs)
    assert block is not None
    assert block.entries == {"headlamp.test": "192.168.49.2", "grafana.test": "192.168.49.2"}
    assert hosts.remove(theirs) == b"127.0.0.1 x\n9.9.9.9 y\n"


def test_another_profiles_block_is_not_ours() -> None:
    other = hosts.put(b"", ENTRIES, "workshop-mb-2")
    assert hosts.find(other) is None
    both = hosts.put(other, {"a.test": "10.0.0.1"})
    assert hosts.remove(both) == other
    assert hosts.remove(both, "workshop-mb-2") == hosts.put(b"", {"a.test": "10.0.0.1"})


def test_a_line_in_front_of_the_block_shadows_it() -> None:
    content = hosts.put(b"10.9.9.9 grafana.test\n", ENTRIES) + b"10.8.8.8 prometheus.test\n"
    assert hosts.shadowed(content) == {"grafana.test": "10.9.9.9"}


@pytest.mark.parametrize("name", ["a b", "x\n1.1.1.1 evil", "-a", ""])
def test_what_is_no_host_name_never_gets_into_the_file(name: str) -> None:
    with pytest.raises(UsageError, match="no host name"):
        hosts.put(b"", {name: "1.1.1.1"})


def test_what_is_no_address_never_gets_into_the_file() -> None:
    with pytest.raises(UsageError, match="no IP address"):
        hosts.put(b"", {"a.test": "1.1.1.1\n6.6.6.6"})


def test_the_diff_shows_the_block_and_a_missing_last_newline() -> None:
    shown = hosts.diff(b"last", hosts.put(b"last", {"a.test": "10.0.0.1"}), "/etc/hosts")
    assert "+10.0.0.1 a.test\n" in shown
    assert "--- /etc/hosts\n" in shown
    assert "\\ No newline at end of file" in shown
