"""What stands in a record is words wherever it is sent (THREATS S2, S45): mail, inbox, webhook, PDF and file name, however it came in."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from dougong.clock import VirtualClock
from dougong.context import SYSTEM
from dougong.events.outbox import Event, append
from dougong.files import attachments
from dougong.lifecycle import install
from dougong.notify.message import notification_table
from dougong.people import roles, users
from dougong.people.users import Person
from dougong.records import bulk, entry, save
from dougong.runtime import Runtime
from dougong.settings import Settings
from tests.notify.receiver import Receiver
from tests.records.ground import HEAD, MONDAY

WORDS = "{{7*7}} {%raw%} ${7*7} #{7*7} <%=7*7%> {{ this.owner }} %s"
FORM = """\
form: case
name: 案件
fields:
  title: {name: 标题, type: text}
  who: {name: 谁, type: user}
  papers: {name: 文件, type: file, many: true}
---
role: clerk
name: 文员
fallback: true
can: {case: {may: [see, add, edit]}}
---
automation: tell
name: 告知
on: {created: case}
do:
  - {notify: role.clerk, via: [mail], title: "{{ title }}", text: "内容 {{ title }}", urgent: true}
  - {document: note, attach: papers, name: "{{ title }}"}
  - {webhook: "URL/hook", body: {title: "{{ title }}"}, repeat: safe}
---
automation: take
name: 接收
on: {received: site, form: case, map: {title: data.title}}
do: [{wait: 1m}]
"""


class Box:
    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 OK"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def runtime(database_url: str, tmp_path: Path, receiver: Receiver) -> Iterator[tuple[Runtime, Box]]:
    box = Box()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    post = Controller(box, hostname="127.0.0.1", port=port)
    post.start()
    settings = replace(
        Settings.read({}), database_url=database_url, home=tmp_path, allow_private=frozenset({"127.0.0.1"}),
        smtp_url=f"smtp://127.0.0.1:{port}?from=crm@example.com",
    )
    made = Runtime(settings, VirtualClock(MONDAY))
    install(made, {"app.yaml": HEAD, "f.yaml": FORM.replace("URL", receiver.url), "documents/note.html": "<p>{{ title }}</p>"}, who="test")
    with made.store.write() as connection:
        id = users.create(connection, Person(name="李", login="li", email="li@example.com"))
        roles.give(connection, id, "desk", "clerk")
    yield made, box
    made.close()
    post.stop()


def by_form(runtime: Runtime, origin: Any) -> None:
    with runtime.transaction(SYSTEM, origin) as ctx:
        form = ctx.workspace.forms["desk.case"]
        save.create(ctx, form.key, entry.parse(ctx, form, {"title": WORDS}))


def by_import(runtime: Runtime, origin: Any) -> None:
    with runtime.transaction(SYSTEM, origin) as ctx:
        ctx = replace(ctx, notes={**ctx.notes, "automations": "yes"})
        bulk.create_many(ctx, "desk.case", [entry.parse(ctx, ctx.workspace.forms["desk.case"], {"title": WORDS})])


def by_webhook(runtime: Runtime, origin: Any) -> None:
    with runtime.transaction(SYSTEM, "api") as ctx:
        append(ctx, Event("received", new={"data": {"title": WORDS}}, name="desk.site", uid="one"))


WAYS = [(by_form, "person"), (by_form, "public"), (by_form, "api"), (by_import, "api"), (by_webhook, "api")]


@pytest.mark.parametrize(("way", "origin"), WAYS)
def test_it_is_literal_everywhere(runtime: tuple[Runtime, Box], receiver: Receiver, tmp_path: Path, way: Any, origin: str) -> None:
    workplace, box = runtime
    way(workplace, origin)
    workplace.work()
    with workplace.store.read() as connection:
        (told,) = connection.execute(notification_table.select()).mappings().all()
        (paper,) = attachments.of_record(connection, "desk.case", 1)
    assert (told["title"], told["body"]) == (WORDS, f"内容 {WORDS}")
    ((to, mail),) = box.mails
    assert to == ["li@example.com"] and mail["Subject"] == WORDS and mail.get_content().strip() == f"内容 {WORDS}"
    (got,) = receiver.got
    assert got.json == {"title": WORDS}
    assert "49" not in paper.name and "7_7" not in paper.name.replace("7*7", "") and paper.name.endswith(".pdf")
    with attachments.open_bytes(workplace.storage, paper) as stream:
        (tmp_path / "x.pdf").write_bytes(stream.read())
    text = subprocess.run(["pdftotext", "-layout", tmp_path / "x.pdf", "-"], capture_output=True, check=True, text=True).stdout
    assert " ".join(text.split()) == f"{WORDS} 1/1"  # the page's number at its foot
    assert subprocess.run(["pdfinfo", tmp_path / "x.pdf"], capture_output=True, check=True).returncode == 0
