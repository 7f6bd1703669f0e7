"""Each channel against a server on this machine; what is sent is held against the vendors' documented requests."""

from __future__ import annotations

import email
import socket
import subprocess
from datetime import UTC, datetime
from email.policy import default
from typing import Any
from urllib.parse import unquote

import pytest
from aiosmtpd.controller import Controller

from dougong.notify import signing
from dougong.notify.channels import channels
from dougong.notify.channels.base import Letter, Way
from dougong.notify.outgoing import Outgoing
from dougong.problems import Problems
from tests.notify.receiver import Receiver

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
LETTER = Letter("0195-key", "三天没有进展", "王磊的客户", "https://crm.example.com/r/7")
SECRET = "SEC7f3a9bc0de"


def way(smtp: str = "", **options: Any) -> Way:
    return Way(Outgoing(frozenset({"127.0.0.1"})), NOW, smtp, options)


def code(channel: str, to: str, by: Way) -> str:
    with pytest.raises(Problems) as raised:
        channels[channel].send(LETTER, to, by)
    return raised.value.problems[0].code


def test_the_robots_message_and_its_signature_recomputed_by_openssl(receiver: Receiver) -> None:
    channels["dingtalk_robot"].send(LETTER, "", way(url=f"{receiver.url}/robot/send?access_token=abc", secret=SECRET))
    (got,) = receiver.got
    stamp = got.query["timestamp"][0]
    assert (got.path, got.query["access_token"], stamp) == ("/robot/send", ["abc"], "1772413200000")
    digest = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", SECRET, "-binary"], input=f"{stamp}\n{SECRET}".encode(), capture_output=True, check=True
    )
    expected = subprocess.run(["openssl", "base64", "-A"], input=digest.stdout, capture_output=True, check=True).stdout.decode()
    assert unquote(got.query["sign"][0].replace(" ", "+")) == expected
    # open.dingtalk.com/document/orgapp/custom-robots-send-group-messages, "markdown"
    assert got.json == {
        "msgtype": "markdown",
        "markdown": {"title": "三天没有进展", "text": "### 三天没有进展\n\n王磊的客户\n\n[打开](https://crm.example.com/r/7)"},
    }


def test_a_work_notice_goes_out_with_a_fresh_token(receiver: Receiver) -> None:
    receiver.answers = [(200, {"errcode": 0, "access_token": "tok"}), (200, {"errcode": 0, "task_id": 9})]
    channels["dingtalk_notice"].send(LETTER, "manager4220", way(api=receiver.url, app_key="k", app_secret="s", agent_id=77))
    token, notice = receiver.got
    assert (token.method, token.path, token.query) == ("GET", "/gettoken", {"appkey": ["k"], "appsecret": ["s"]})
    # open.dingtalk.com/document/orgapp/asynchronous-sending-of-enterprise-session-messages
    assert (notice.path, notice.query) == ("/topapi/message/corpconversation/asyncsend_v2", {"access_token": ["tok"]})
    assert {k: notice.json[k] for k in ("agent_id", "userid_list")} == {"agent_id": 77, "userid_list": "manager4220"}
    assert notice.json["msg"]["markdown"]["title"] == "三天没有进展"


def test_a_todo_carries_its_key_so_that_a_second_one_is_the_same(receiver: Receiver) -> None:
    receiver.answers = [(200, {"errcode": 0, "access_token": "tok"}), (200, {"id": "x"})]
    channels["dingtalk_todo"].send(LETTER, "uni/1", way(api=receiver.url))
    todo = receiver.got[1]
    # open.dingtalk.com/document/orgapp/add-dingtalk-to-do-task
    assert (todo.path, todo.headers["x-acs-dingtalk-access-token"]) == ("/v1.0/todo/users/uni%2F1/tasks", "tok")
    assert todo.json == {
        "sourceId": "0195-key", "subject": "三天没有进展", "description": "王磊的客户", "executorIds": ["uni/1"],
        "detailUrl": {"appUrl": "https://crm.example.com/r/7", "pcUrl": "https://crm.example.com/r/7"},
    }


@pytest.mark.parametrize(("answer", "expected"), [
    ((200, {"errcode": 310000, "errmsg": "sign not match"}), "channel-refused"), ((200, {"errcode": 130101}), "channel-trouble"),
    ((502, {}), "channel-trouble"), ((404, {}), "channel-refused"), ((200, b"<html>"), ""),
])
def test_what_dingtalk_answers_is_told_apart(receiver: Receiver, answer: tuple[int, Any], expected: str) -> None:
    receiver.answers = [answer]
    if expected:
        assert code("dingtalk_robot", "", way(url=receiver.url)) == expected
    else:
        channels["dingtalk_robot"].send(LETTER, "", way(url=receiver.url))


def test_a_webhook_is_signed_and_names_its_delivery(receiver: Receiver) -> None:
    channels["webhook"].send(LETTER, "", way(url=receiver.url, secret="s"))
    (got,) = receiver.got
    signing.verify("s", got.headers[signing.SIGNATURE], got.body, NOW)
    assert got.headers[signing.DELIVERY] == got.json["id"] == "0195-key"


@pytest.mark.parametrize(("status", "expected"), [
    (500, "channel-trouble"), (429, "channel-trouble"), (410, "channel-refused"), (302, "channel-refused"),
])
def test_a_webhook_that_is_not_taken(receiver: Receiver, status: int, expected: str) -> None:
    receiver.answers = [(status, {})]
    assert code("webhook", "", way(url=receiver.url)) == expected


class Mailbox:
    def __init__(self) -> None:
        self.got: list[Any] = []
        self.answer = "250 OK"
        self.url = ""

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        self.got.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=default)))
        if not self.answer:
            server.transport.abort()
        return self.answer


@pytest.fixture
def mailbox() -> Any:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.url = f"smtp://127.0.0.1:{port}?from=crm@example.com"
    yield box
    controller.stop()


def test_a_mail_arrives_whole_with_the_same_id_each_time(mailbox: Any) -> None:
    for _ in range(2):
        channels["mail"].send(LETTER, "li@example.com", way(mailbox.url))
    (to, first), (_, second) = mailbox.got
    assert to == ["li@example.com"]
    assert (first["Subject"], first["From"], first["To"]) == ("三天没有进展", "crm@example.com", "li@example.com")
    assert first.get_content().replace("\r\n", "\n") == "王磊的客户\n\nhttps://crm.example.com/r/7\n"
    assert first["Message-ID"] == second["Message-ID"]


def test_a_server_that_takes_the_mail_and_drops_the_line_gets_the_same_one_again(mailbox: Any) -> None:
    """THREATS R32: nobody knows whether it arrived; what comes twice says that it is one."""
    mailbox.answer = ""
    assert code("mail", "li@example.com", way(mailbox.url)) == "channel-trouble"
    mailbox.answer = "250 OK"
    channels["mail"].send(LETTER, "li@example.com", way(mailbox.url))
    first, second = (mail["Message-ID"] for _, mail in mailbox.got)
    assert first == second


def test_a_title_adds_no_header_and_an_address_stays_one(mailbox: Any) -> None:
    channels["mail"].send(Letter("k", "a\r\nBcc: evil@example.com", "b"), "li@example.com", way(mailbox.url))
    assert mailbox.got[0][1]["Bcc"] is None
    for to in ("li@example.com, evil@example.com", "li@example.com\r\nBcc: evil@example.com", "nobody"):
        assert code("mail", to, way(mailbox.url)) == "channel-refused"


def test_a_mail_server_that_is_away_or_says_later(mailbox: Any) -> None:
    mailbox.answer = "451 later"
    assert code("mail", "li@example.com", way(mailbox.url)) == "channel-trouble"
    assert code("mail", "li@example.com", way("smtp://127.0.0.1:1?from=a@example.com")) == "channel-trouble"
    assert code("mail", "li@example.com", way("")) == "channel-refused"
