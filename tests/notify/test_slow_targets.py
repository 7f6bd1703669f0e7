"""Targets that never come to an end (THREATS R25): each is given up in time, tried again with the same id and body, listed, sent again."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from dougong.automation import running
from dougong.automation.tables import run_table
from dougong.notify import signing
from dougong.notify.outgoing import Outgoing
from dougong.problems import Problems
from tests.automation.conftest import (
    Make,
    make,  # noqa: F401 - the fixture
)
from tests.notify.receiver import Receiver

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
SECONDS = 0.4
STEP = SECONDS / 8


class Drip:
    """Takes one connection after another and answers with pieces, each after a moment, for ever."""

    def __init__(self, first: bytes, then: bytes) -> None:
        self.stop = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(STEP)
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}/"
        self.first, self.then = first, then
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while not self.stop.is_set():
            try:
                client, _ = self.server.accept()
            except TimeoutError:
                continue
            with client:
                try:
                    client.sendall(self.first)
                    while not self.stop.wait(STEP if len(self.then) < 100 else 0):
                        client.sendall(self.then)
                except OSError:
                    pass

    def close(self) -> None:
        self.stop.set()
        self.thread.join(5)
        self.server.close()


@pytest.fixture
def drip() -> Iterator[Callable[[bytes, bytes], Drip]]:
    made: list[Drip] = []

    def begin(first: bytes, then: bytes) -> Drip:
        made.append(Drip(first, then))
        return made[-1]

    yield begin
    for one in made:
        one.close()


@pytest.mark.parametrize(("first", "then"), [
    (b"", b""),  # takes the call and says nothing
    (b"", b"H"),  # headers that never end
    (HEAD, b"X"),  # the same, later
    (HEAD + b"Content-Length: 100000\r\n\r\n", b"x"),  # one byte at a time
    (HEAD + b"\r\n", b"x"),  # a body without a length
    (HEAD + b"Content-Length: 100000\r\n\r\n", b""),  # hangs after its headers
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    (HEAD + b"\r\n", b"x" * 65536),  # a body without an end
], ids=["silent", "no headers", "headers", "bytes", "no length", "hangs", "chunks", "endless"])
def test_it_is_given_up_in_time(drip: Callable[[bytes, bytes], Drip], first: bytes, then: bytes) -> None:
    server, began = drip(first, then), time.monotonic()
    with pytest.raises(Problems) as problems:
        Outgoing(frozenset({"127.0.0.1"}), seconds=SECONDS).request("POST", server.url, b"{}")
    assert problems.value.problems[0].code == "outgoing-failed"
    assert time.monotonic() - began < SECONDS * 4


RULE = 'automation: r\nname: 推\non: {created: case}\ndo: [{webhook: "%s/hook", body: {title: "{{ title }}"}, repeat: safe}]\n'


def test_a_run_tries_again_with_the_same_id_and_body_then_fails_is_listed_and_goes_on(make: Make, receiver: Receiver) -> None:  # noqa: F811
    world = make(RULE % receiver.url)
    world.outgoing = Outgoing(frozenset({"127.0.0.1"}))
    receiver.usual = (500, {})
    world.create(title="甲")
    world.wait(hours=9)
    assert world.outcomes() == ["failed"]
    assert len(receiver.got) == len(running.PAUSES) + 1
    ids = {(g.headers[signing.DELIVERY], g.headers["Idempotency-Key"], g.body) for g in receiver.got}
    assert len(ids) == 1
    receiver.usual = (200, {"ok": True})
    with world.as_system() as ctx:
        (dead,) = running.dead(ctx)
        assert running.again(ctx, dead.id)
    world.work()
    assert world.outcomes() == ["finished"]
    assert {(g.headers[signing.DELIVERY], g.headers["Idempotency-Key"], g.body) for g in receiver.got} == ids


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_a_refusal_and_is_not_tried_again(make: Make, receiver: Receiver, status: int) -> None:  # noqa: F811
    world = make(RULE % receiver.url)
    world.outgoing = Outgoing(frozenset({"127.0.0.1"}))
    receiver.usual = (status, {})
    world.create(title="甲")
    world.wait(hours=9)
    assert (world.outcomes(), len(receiver.got)) == (["failed"], 1)


def test_others_go_on_while_one_waits_for_its_next_try(make: Make, receiver: Receiver) -> None:  # noqa: F811
    other = 'automation: o\nname: 记\non: {created: case}\ndo: [{create: note, set: {text: "{{ title }}"}}]\n'
    world = make(RULE % receiver.url, other)
    world.outgoing = Outgoing(frozenset({"127.0.0.1"}))
    receiver.usual = (503, {})
    for title in ("甲", "乙", "丙"):
        world.create(title=title)
    world.work()
    assert [n["text"] for n in world.rows("note")] == ["甲", "乙", "丙"]
    with world.store.read() as connection:
        waiting = connection.execute(run_table.select().where(run_table.c.automation == "desk.r")).mappings().all()
    assert [row["lease_until"] for row in waiting] == [None] * 3 and all(row["due"] > world.clock.now() for row in waiting)
