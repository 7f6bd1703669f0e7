"""The two ways that need no network: they are rows of dg_notification, shown by the pages."""

from __future__ import annotations

from dougong.notify.channels.base import Channel, channels
from dougong.spec.label import Label


class Inbox(Channel):
    name = Label("站内消息", {"en": "Inbox"})
    outside = False


class Popup(Channel):
    name = Label("弹窗", {"en": "Pop-up"})
    outside = False


channels.register("inbox")(Inbox())
channels.register("popup")(Popup())
