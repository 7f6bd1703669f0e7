from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Table, Text, select, update

from dougong.automation import people
from dougong.automation.actions.base import Action, actions, refuse
from dougong.automation.scene import Scene
from dougong.context import Ctx
from dougong.events.once import insert_once
from dougong.records import save
from dougong.sqltypes import Id
from dougong.store.system import metadata

turn_table = Table(
    "dg_turn",
    metadata,
    Column("key", Text, primary_key=True),  # automation and what its people were asked for
    Column("last", Id, nullable=False),
)


class Assign(Action):
    """Several people take it in turn. `region` narrows them to those of the record's region; none of it left → fallback role."""

    schema: Mapping[str, Any] = {
        "assign": {"format": "people", "title": "交给谁，多人时轮流 | To whom; several take turns"},
        "region": {"type": "string", "format": "field", "title": "按哪个区域字段匹配 | Match people by this region field"},
        "field": {
            "type": "string", "format": "field", "holds": "person",
            "title": "写入哪个人员字段 | The person field to fill; by default owner",
        },
    }
    required = ("assign",)

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        form, row = scene.need_record()
        wanted = options["assign"]
        candidates: Sequence[int] = scene.people(wanted)
        if "region" in options:
            candidates = _of_region(scene, candidates, row.get(options["region"]))
        if not candidates:
            raise refuse("action-nobody", people=", ".join(wanted))
        turn = f"{scene.automation.key}:{','.join(wanted)}"
        person = candidates[0] if len(candidates) == 1 else _next(scene.ctx, turn, sorted(candidates))
        save.edit(scene.ctx, form.key, row["id"], {options.get("field", "owner"): person})
        return {"person": person}


def _of_region(scene: Scene, candidates: Sequence[int], region: Any) -> Sequence[int]:
    """People whose region is the record's or one that it lies in: '浙江省/宁波市' takes '浙江省/宁波市' before '浙江省'."""
    place = "" if region is None else str(region)
    regions = {person: (scene.source.record("user", person) or {}).get("region") or "" for person in candidates}
    inside = {person: home for person, home in regions.items() if home and (place == home or place.startswith(home))}
    nearest = max(map(len, inside.values()), default=0)
    return [p for p, home in inside.items() if len(home) == nearest] or people.fallback(scene.ctx, scene.automation.app)


def _next(ctx: Ctx, key: str, candidates: Sequence[int]) -> int:
    """The one after the last; the row's lock makes two runs at once take two people."""
    insert_once(ctx.connection, turn_table, [{"key": key, "last": 0}])
    query = select(turn_table.c.last).where(turn_table.c.key == key).with_for_update()
    last = ctx.connection.execute(query).scalar_one()
    person = next((c for c in candidates if c > last), candidates[0])
    ctx.connection.execute(update(turn_table).where(turn_table.c.key == key).values(last=person))
    return person


actions.register("assign")(Assign())
