"""Processes that are killed in the middle of their work: nothing acknowledged is lost, nothing happens twice (THREATS R1, R2, R6)."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from uuid6 import uuid7

from dougong.clock import SystemClock, VirtualClock
from dougong.context import SYSTEM
from dougong.lifecycle import install
from dougong.notify.message import notification_table
from dougong.people import roles, tokens, users
from dougong.people.users import Person
from dougong.runtime import Runtime
from dougong.settings import Settings

ROOT = Path(__file__).parents[2]
KILLS, CLIENTS, PATIENCE = 3, 3, 90
AFTER_LEASES = timedelta(minutes=6)
APP = {
    "app.yaml": """
app: desk
version: "1"
name: 台账
---
form: box
name: 盒子
fields:
  name: {name: 名称, type: text, search: true}
  cards: {name: 卡片, type: related, of: card.box}
  number: {name: 张数, type: formula, formula: "count(cards)", stored: true}
---
form: card
name: 卡片
fields:
  name: {name: 名称, type: text}
  number: {name: 编号, type: serial, value: "{{ text(n, '00000') }}", once: true}
  box: {name: 盒子, type: link, to: box}
---
form: copy
name: 副本
fields:
  of: {name: 原件, type: link, to: card}
---
automation: copied
name: 抄一份
on: {created: card}
do:
  - {create: copy, set: {of: "{{ this }}"}}
  - {set: {box: "{{ last(all.box) }}"}}
  - {popup: owner, text: "{{ name }}"}
---
role: clerk
name: 文员
fallback: true
can: {box: {may: [see, add, edit]}, card: {may: [see, add, edit]}, copy: {may: [see, add]}}
"""
}


class Processes:
    """The server, and the worker where Redis carries the wishes; each can be killed and started again."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        path = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
        self._environment = {**os.environ, **environment, "DOUGONG_HOME": str(home), "PYTHONPATH": path}
        self._log = home / "processes.log"
        self._commands = [["serve", "--port", str(self.port)], *([["worker"]] if "REDIS_URL" in environment else [])]
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        program = "from dougong.cli.main import main; main()"
        with self._log.open("ab") as log:
            for command in self._commands:
                full = [sys.executable, "-c", program, *command]
                self._running.append(subprocess.Popen(full, env=self._environment, stdout=log, stderr=log))

    def kill(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGKILL)
        for process in self._running:
            process.wait()
        self._running.clear()


def send(port: int, token: str, uid: str, name: str) -> bool:
    """Whether the server has acknowledged it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/api/v1/desk/card", json.dumps({"uid": uid, "values": {"name": name}}), headers)
        answer = connection.getresponse()
        told = answer.read()
        assert answer.status < 500, told
        return answer.status in (200, 201)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Sender(threading.Thread):
    """Sends card after card, each until it is acknowledged, as a phone's queue does."""

    def __init__(self, port: int, token: str, number: int, stop: threading.Event) -> None:
        super().__init__()
        self.port, self.token, self.number, self.stop = port, token, number, stop
        self.sent: list[str] = []
        self.acknowledged: list[str] = []

    def run(self) -> None:
        while not self.stop.is_set():
            uid, name = str(uuid7()), f"{self.number}-{len(self.sent)}"
            self.sent.append(uid)
            while not send(self.port, self.token, uid, name):
                if self.stop.wait(0.05):
                    return
            self.acknowledged.append(uid)


@contextmanager
def workspace(home: Path, environment: dict[str, str]) -> Iterator[tuple[Runtime, str]]:
    runtime = Runtime(Settings.read({**environment, "DOUGONG_HOME": str(home)}), SystemClock())
    install(runtime, APP, who="test")
    with runtime.store.write() as connection:
        person = users.create(connection, Person(name="文员", login="clerk"))
        roles.give(connection, person, "desk", "clerk")
        token = tokens.create(connection, person, "test", runtime.clock.now(), timedelta(days=1))
    yield runtime, token
    runtime.close()


def test_what_was_acknowledged_is_there_once_with_all_that_follows_from_it(
    database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """SQLite with the embedded worker; PostgreSQL with Redis and a worker of its own."""
    chance = random.Random(7)
    apart = {} if database_url.startswith("sqlite") else {"REDIS_URL": request.getfixturevalue("redis_url")}
    environment = {"DATABASE_URL": database_url, **apart}
    with workspace(tmp_path, environment) as (runtime, token), ExitStack() as stack:
        processes, stop = Processes(tmp_path, environment), threading.Event()
        stack.callback(processes.kill)
        processes.start()
        senders = [Sender(processes.port, token, number, stop) for number in range(CLIENTS)]
        for sender in senders:
            sender.start()
        stack.callback(stop.set)
        for _ in range(KILLS):
            before = sum(len(s.acknowledged) for s in senders)
            assert _until(lambda: sum(len(s.acknowledged) for s in senders) > before + chance.randint(3, 25))  # noqa: B023
            processes.kill()
            processes.start()
        stop.set()
        for sender in senders:
            sender.join(PATIENCE)
        processes.kill()
        _work_on(environment, tmp_path)
        _check(runtime, {uid for s in senders for uid in s.acknowledged}, {uid for s in senders for uid in s.sent})


def _work_on(environment: dict[str, str], home: Path) -> None:
    """Whoever comes after them, once what they held is free again."""
    later = VirtualClock(SystemClock().now() + AFTER_LEASES)
    with closing(Runtime(Settings.read({**environment, "DOUGONG_HOME": str(home)}), later)) as heir:
        assert _until(lambda: not heir.work())


def _until(holds: object) -> bool:
    """Looked at twenty times a second, for a minute and a half."""
    assert callable(holds)
    rest = threading.Event()
    return any(holds() or rest.wait(0.05) for _ in range(PATIENCE * 20))


def _check(runtime: Runtime, acknowledged: set[str], sent: set[str]) -> None:
    with runtime.read(SYSTEM) as ctx:
        tables, connection = ctx.workspace.tables, ctx.connection
        cards = connection.execute(select(tables["desk.card"])).mappings().all()
        assert acknowledged <= {card["uid"] for card in cards} <= sent
        assert Counter(card["number"] for card in cards).most_common(1)[0][1] == 1
        copies = Counter(connection.scalars(select(tables["desk.copy"].c.of)))
        assert copies == Counter(card["id"] for card in cards)
        told = connection.scalars(select(notification_table.c.body)).all()
        assert sorted(told) == sorted(card["name"] for card in cards)
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
