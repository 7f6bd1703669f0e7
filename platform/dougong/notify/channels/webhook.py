from __future__ import annotations

import json

from dougong.notify import signing
from dougong.notify.channels.base import Channel, Letter, Way, channels, final, trouble
from dougong.spec.label import Label


class Webhook(Channel):
    """Options: `url`, `secret`. The delivery id in the header is the same when it comes again, so the receiver can tell."""

    name = Label("Webhook", {"en": "Webhook"})
    repeat = "safe"
    connection_kind = "webhook"

    def send(self, letter: Letter, to: str, way: Way) -> None:
        said = {"id": letter.key, "title": letter.title, "body": letter.body, "link": letter.link}
        rows = {"rows": letter.rows.as_json()} if letter.rows else {}
        body = json.dumps({**said, **rows}, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", signing.DELIVERY: letter.key}
        if secret := way.options.get("secret"):
            headers[signing.SIGNATURE] = signing.sign(str(secret), body, way.now)
        answer = way.outgoing.request("POST", str(way.options.get("url") or to), body, headers)
        if answer.status >= 500 or answer.status in (408, 425, 429):
            raise trouble(str(answer.status))
        if not answer.ok:
            raise final(str(answer.status))


channels.register("webhook")(Webhook())
