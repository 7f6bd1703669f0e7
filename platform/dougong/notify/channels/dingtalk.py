"""DingTalk: group robots (signed), work notices and to-dos.

Sources of the requests: open.dingtalk.com/document/orgapp/custom-robots-send-group-messages and
…/customize-robot-security-settings (the signature); …/asynchronous-sending-of-enterprise-session-messages (work
notice); …/obtain-orgapp-token (token); …/add-dingtalk-to-do-task (to-do).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from sqlalchemy import Connection

from dougong.notify.channels.base import Channel, Letter, Way, channels, final, trouble
from dougong.notify.connections import address_of
from dougong.notify.outgoing import Answer
from dougong.spec.label import Label
from dougong.sqltypes import to_epoch_millis

OLD_API = "https://oapi.dingtalk.com"
NEW_API = "https://api.dingtalk.com"
BUSY = frozenset({-1, 130101, 90018, 88})  # system busy, too many messages a minute: later it may work


class Robot(Channel):
    """Options: `url` (with its access_token) and `secret` (SEC…). A second copy in a group is noise, so a person is asked."""

    name = Label("钉钉群机器人", {"en": "DingTalk robot"})
    connection_kind = "dingtalk_robot"

    def send(self, letter: Letter, to: str, way: Way) -> None:
        url = str(way.options.get("url") or to)
        if secret := way.options.get("secret"):
            stamp = to_epoch_millis(way.now)
            url += ("&" if urlsplit(url).query else "?") + f"timestamp={stamp}&sign={robot_sign(secret, stamp)}"
        _check(_post(way, url, {"msgtype": "markdown", "markdown": {"title": letter.title, "text": markdown(letter)}}))


class _ByApp(Channel):
    """Through the company's own DingTalk app. Options: `app_key`, `app_secret`, `agent_id`."""

    connection_kind = "dingtalk"

    def address(self, connection: Connection, user: int) -> str:
        return address_of(connection, user, self.address_kind)


class WorkNotice(_ByApp):
    name = Label("钉钉工作通知", {"en": "DingTalk work notice"})
    address_kind = "dingtalk"
    address_name = Label("钉钉用户 ID", {"en": "DingTalk user ID"})

    def send(self, letter: Letter, to: str, way: Way) -> None:
        url = f"{_api(way, OLD_API)}/topapi/message/corpconversation/asyncsend_v2?{urlencode({'access_token': token(way)})}"
        message = {"msgtype": "markdown", "markdown": {"title": letter.title, "text": markdown(letter)}}
        _check(_post(way, url, {"agent_id": way.options.get("agent_id"), "userid_list": to, "msg": message}))


class Todo(_ByApp):
    """DingTalk keeps one to-do per sourceId, so sending again is safe."""

    name = Label("钉钉待办", {"en": "DingTalk to-do"})
    repeat = "safe"
    address_kind = "dingtalk_union"
    address_name = Label("钉钉 unionId", {"en": "DingTalk unionId"})

    def send(self, letter: Letter, to: str, way: Way) -> None:
        body: dict[str, Any] = {"sourceId": letter.key, "subject": letter.title, "description": letter.text, "executorIds": [to]}
        if letter.link:
            body["detailUrl"] = {"appUrl": letter.link, "pcUrl": letter.link}
        url = f"{_api(way, NEW_API)}/v1.0/todo/users/{quote(to, safe='')}/tasks"
        answer = _post(way, url, body, {"x-acs-dingtalk-access-token": token(way)})
        if not answer.ok:
            why = str(_json(answer).get("message") or answer.status)
            raise trouble(why) if answer.status >= 500 or answer.status == 429 else final(why)


def robot_sign(secret: str, millis: int) -> str:
    """HmacSHA256 of 'timestamp\\nsecret' with the secret, base64, ready for the address."""
    digest = hmac.new(secret.encode(), f"{millis}\n{secret}".encode(), hashlib.sha256).digest()
    return quote(base64.b64encode(digest), safe="")


def token(way: Way) -> str:
    """A fresh access token. DingTalk gives the same one until it runs out, so none is kept here."""
    query = urlencode({"appkey": way.options.get("app_key", ""), "appsecret": way.options.get("app_secret", "")})
    answer = way.outgoing.request("GET", f"{_api(way, OLD_API)}/gettoken?{query}")
    return str(_check(answer).get("access_token", ""))


def markdown(letter: Letter) -> str:
    link = f"\n\n[打开]({letter.link})" if letter.link else ""
    rows = f"\n\n{letter.rows.markdown()}" if letter.rows else ""
    return f"### {letter.title}\n\n{letter.body}{rows}{link}"


def _api(way: Way, usual: str) -> str:
    return str(way.options.get("api") or usual)


def _post(way: Way, url: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    raw = json.dumps(body, ensure_ascii=False).encode()
    return way.outgoing.request("POST", url, raw, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


def _check(answer: Answer) -> dict[str, Any]:
    """The old interface answers 200 with an `errcode`."""
    body = _json(answer)
    if answer.status >= 500 or body.get("errcode") in BUSY:
        raise trouble(f"{answer.status} {body.get('errmsg', '')}")
    if not answer.ok or body.get("errcode", 0) != 0:
        raise final(f"{body.get('errcode', answer.status)} {body.get('errmsg', '')}")
    return body


def _json(answer: Answer) -> dict[str, Any]:
    try:
        body = json.loads(answer.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


channels.register("dingtalk_robot")(Robot())
channels.register("dingtalk_notice")(WorkNotice())
channels.register("dingtalk_todo")(Todo())
