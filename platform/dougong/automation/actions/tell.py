"""Telling people: a popup, a message, a post to a group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dougong.automation.actions.base import Action, actions
from dougong.automation.actions.rows import SCHEMA, rows_of
from dougong.automation.scene import Scene
from dougong.notify.connections import connected
from dougong.notify.delivery import post_to
from dougong.notify.hours import sendable_from
from dougong.notify.message import Message, tell
from dougong.records import history
from dougong.records.present import covered

LATELY = 5
_TEXT = {"type": "string", "format": "template", "title": "内容 | The words"}
_TITLE = {"type": "string", "format": "template", "title": "标题，默认规则名 | Title, by default the rule's name"}
_URGENT = {"type": "boolean", "title": "紧急：下班时间也发 | Urgent: sent outside working hours too"}


class Popup(Action):
    schema: Mapping[str, Any] = {"popup": {"format": "people", "title": "弹给谁 | To whom"}, "title": _TITLE, "text": _TEXT}
    required = ("popup", "text")

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        people = scene.people(options["popup"])
        for person in people:
            tell(scene.ctx, _message(scene, options, person, "popup"))
        return {"people": list(people)}


class Notify(Action):
    """Each reader's text is made with that reader's rights. The inbox always has it; `via` adds ways out."""

    schema: Mapping[str, Any] = {
        "notify": {"format": "people", "title": "通知谁 | Whom to tell"},
        "via": {"type": "array", "items": {"type": "string", "format": "channel"}, "title": "还用哪些方式 | Ways besides the inbox"},
        "cc": {"format": "people", "title": "抄送 | Copy to"},
        "title": _TITLE,
        "text": _TEXT,
        "show": {"type": "string", "enum": ["timeline"], "title": "附上最近的历史 | Add what happened lately"},
        "rows": SCHEMA,
        "urgent": _URGENT,
    }
    required = ("notify", "text")

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        people = scene.people(options["notify"])
        copied = [p for p in (scene.people(options["cc"]) if "cc" in options else ()) if p not in people]
        for person in people:
            tell(scene.ctx, _message(scene, options, person, "inbox"))
        for person in copied:
            tell(scene.ctx, _message(scene, {**options, "via": ()}, person, "inbox"))
        return {"people": list(people), "cc": copied}


class Post(Action):
    """To a group's robot: the name of a connection, or a path that ends in its address (`team.group_robot`). A group without a
    robot is left out; the trace says so."""

    schema: Mapping[str, Any] = {
        "post": {
            "type": "string", "format": "target",
            "title": "发到哪个群：连接名，或如 team.group_robot | The group's robot: a connection's name, or such as team.group_robot",
        },
        "title": _TITLE,
        "text": _TEXT,
        "rows": SCHEMA,
        "urgent": _URGENT,
    }
    required = ("post", "text")

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        target = scene.text(options["post"])
        if not target:
            return {"to": ""}
        known = connected(scene.ctx.connection).get(target)
        channel = known.kind if known else "dingtalk_robot" if (urlsplit(target).hostname or "").endswith("dingtalk.com") else "webhook"
        now = scene.ctx.now if options.get("urgent") else sendable_from(scene.ctx.now, scene.ctx.workspace.calendar)
        post_to(
            scene.ctx, channel, target=target, title=_title(scene, options), body=scene.text(options["text"]),
            form=scene.form.key if scene.form else "", record=scene.row["id"] if scene.row else None, run=scene.place[0], not_before=now,
            rows=rows_of(scene, options.get("rows")),
        )
        return {"to": urlsplit(target).hostname or target}  # the rest of an address is as good as a password


def _message(scene: Scene, options: Mapping[str, Any], person: int, kind: Any) -> Message:
    there = scene.seen_by(person)
    run, step, item = scene.place
    body = there.text(options["text"]) + (_timeline(there) if options.get("show") else "")
    return Message(
        key=f"{run}/{step}/{item}/{kind}/{person}", user=person, title=_title(there, options), body=body,
        form=scene.form.key if scene.form else "", record=scene.row["id"] if scene.row else None, kind=kind,
        via=tuple(options.get("via", ())), urgent=bool(options.get("urgent")), run=run, rows=rows_of(there, options.get("rows")),
    )


def _timeline(scene: Scene) -> str:
    """The last entries of the record's history: when, who, which fields the reader may see."""
    if scene.form is None or scene.row is None:
        return ""
    zone, fields = scene.ctx.workspace.calendar.zone, scene.form.fields
    readable = {id: field.name.in_(scene.ctx.locale) for id, field in fields.items() if not covered(scene.ctx, scene.form, field)}
    lines = []
    for head, _ in history.entries(scene.ctx, scene.form.key, scene.row["id"])[:LATELY]:
        names = [readable[f] for f in head["changed"] if f in readable]
        lines.append(f"· {head['at'].astimezone(zone):%m-%d %H:%M} {head['actor_name']} {'、'.join(names)}".rstrip())
    return "\n" + "\n".join(lines)


def _title(scene: Scene, options: Mapping[str, Any]) -> str:
    return scene.text(options["title"]) if "title" in options else scene.automation.name.in_(scene.ctx.locale)


actions.register("popup")(Popup())
actions.register("notify")(Notify())
actions.register("post")(Post())
