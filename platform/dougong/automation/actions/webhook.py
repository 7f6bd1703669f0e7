from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.actions.base import Call, OutsideAction, actions
from dougong.automation.scene import Scene
from dougong.expr.tree import Expr, Template
from dougong.expr.types import Hidden
from dougong.notify import signing
from dougong.notify.connections import connected


class Webhook(OutsideAction):
    """To a connection's name or an address; signed where the connection has a secret. Later steps read `response`."""

    schema: Mapping[str, Any] = {
        "webhook": {"type": "string", "format": "template", "title": "连接名或网址 | A connection's name or an address"},
        "method": {"type": "string", "enum": ["POST", "PUT", "GET"], "title": "方法，默认 POST | Method, by default POST"},
        "body": {"type": "object", "format": "values", "title": "发送的数据 名: 值 | What is sent, name: value"},
        "headers": {
            "type": "object", "format": "headers", "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9-]{0,59}$"},
            "additionalProperties": {"type": "string"},
            "title": "请求头 名: 值 | Headers, name: value",
            "description": '如 Authorization: "Bearer {{ connection.token }}"，token 是声明了 in_headers 的密文字段 | '
            'Such as Authorization: "Bearer {{ connection.token }}", where token is a secret that says in_headers',
        },
        "repeat": {
            "type": "string", "enum": ["ask", "safe"],
            "title": "不知道是否送达时：ask 问人，safe 再发 | When it is unknown whether it arrived: ask a person, or send again",
        },
    }
    required = ("webhook",)

    def prepare(self, scene: Scene, options: Mapping[str, Any], uid: str) -> Call:
        target = scene.text(options["webhook"])
        known = connected(scene.ctx.connection).get(target)
        url = str(known.options.get("url", "")) if known else target
        body = {name: _plain(value) for name, value in scene.values(options.get("body", {})).items()}
        shown = list[str]()
        own = {name: _header(scene, text, shown) for name, text in options.get("headers", {}).items()}
        headers = {**own, signing.DELIVERY: uid, "Idempotency-Key": uid}
        secret = str(known.options.get("secret", "")) if known else ""
        return Call(uid, url, options.get("method", "POST"), body, headers, options.get("repeat", "ask"), secret, tuple(shown))


def _header(scene: Scene, text: Any, told: list[str]) -> str:
    """The one place where a secret is opened; what was in it is added to `told`."""

    def words(part: Expr) -> str:
        value = scene.value(part)
        if isinstance(value, Hidden):
            told.append(scene.ctx.workspace.vault.open(value.text))
            return told[-1]
        return scene.text(Template(part.source, (part,)))

    if not isinstance(text, Template):
        return str(text)
    return "".join(part if isinstance(part, str) else words(part) for part in text.parts)


def _plain(value: Any) -> Any:
    """JSON-ready without a type at hand: whatever JSON has no word for goes as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


actions.register("webhook")(Webhook())
