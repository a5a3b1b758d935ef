"""HTTP to pods through the API server: what an answer is, what may be asked again, and what is refused for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from brokerlab.core.errors import LabError, UsageError
from brokerlab.core.remote import TOKEN_HEADER
from brokerlab.kube.api import Kube
from brokerlab.kube.pods import AnsweredError, BrokenError, PodHttp
from brokerlab.pods.server import serve
from tests.fakes.kube_api import KubeApi, forbidden

BIG = b"x" * 3_000_000


def refuse(*_: object) -> None:
    raise UsageError("that is no question", "ask another one")


def stumble(*_: object) -> None:
    raise KeyError("a bug")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "big"
    path.write_bytes(BIG)
    return path


@pytest.fixture
def silent() -> Iterator[Event]:
    over = Event()
    yield over
    over.set()


@pytest.fixture
def pod(api: KubeApi, kube: Kube, file: Path, silent: Event) -> Iterator[PodHttp]:
    def words(*_: object) -> Iterator[bytes]:
        yield b"one\ntw"
        yield b"o\n"
        silent.wait(10)

    routes = {
        ("POST", "echo"): lambda rest, body: {"rest": rest, "body": body},
        ("GET", "text"): lambda *_: "a text",
        ("GET", "file"): lambda *_: file,
        ("GET", "words"): words,
        ("GET", "refused"): refuse,
        ("GET", "bug"): stumble,
    }
    server = serve(routes, port=0, token="t")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    api.behind["lab/pod-1"] = server.server_address[1]
    yield PodHttp(kube, "lab", "pod-1", 1, {TOKEN_HEADER: "t"})
    server.shutdown()
    server.server_close()
    thread.join()


def test_questions_and_answers(pod: PodHttp, tmp_path: Path) -> None:
    assert pod.json("post", "echo/a/b", {"c": 1}) == {"rest": ["a", "b"], "body": {"c": 1}}
    assert pod.text("text") == "a text"
    pod.save("file", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == BIG


def test_lines_come_as_they_are_said_and_silence_is_noticed(pod: PodHttp) -> None:
    lines = pod.lines("words", silence=10)
    assert [next(lines), next(lines)] == [b"one", b"two"]
    with pytest.raises(BrokenError):
        list(pod.lines("words", silence=0.3))


def test_an_answer_that_is_cut_off_may_be_asked_for_again(pod: PodHttp, api: KubeApi, tmp_path: Path) -> None:
    api.cut = 1
    with pytest.raises(BrokenError):
        pod.save("file", tmp_path / "copy")
    pod.save("file", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == BIG


def test_a_failure_of_the_program_is_its_answer(pod: PodHttp) -> None:
    with pytest.raises(AnsweredError) as caught:
        pod.text("refused")
    assert (caught.value.status, "that is no question" in caught.value.body) == (409, True)
    with pytest.raises(AnsweredError, match="404"):
        pod.text("nothing")


def test_a_bug_in_a_pod_is_told_there_and_here(pod: PodHttp, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BrokenError, match="a bug: KeyError"):
        pod.text("bug")
    assert "Traceback" in capsys.readouterr().err


def test_a_pod_that_is_not_there_may_come(kube: Kube, api: KubeApi) -> None:
    with pytest.raises(BrokenError, match="pod-2 can't be reached"):
        PodHttp(kube, "lab", "pod-2", 1).text("text")


def test_a_right_that_is_missing_is_named_at_once(pod: PodHttp, api: KubeApi) -> None:
    api.faults.append(("proxy/text", 403, forbidden("me", "get", "pods/proxy", "", "lab")))
    with pytest.raises(LabError, match="the right to get pods/proxy in the namespace 'lab' is missing") as caught:
        pod.text("text")
    assert not isinstance(caught.value, BrokenError)
