"""A small world for formulas: one form with a field of every type, its lines and notes, people; in Python, in a database, in Node."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
)

from dougong.expr import sqlite
from dougong.expr.compile import compile_expr
from dougong.expr.scope import Member, Scope, Shape
from dougong.expr.to_json import calendar_json, to_json
from dougong.expr.to_python import Env, evaluate
from dougong.expr.to_sql import SqlScope, not_in_filter, to_sql
from dougong.expr.tree import Expr
from dougong.expr.types import (
    DATE,
    DATETIME,
    FILE,
    INTEGER,
    RANGE,
    SPAN,
    TEXT,
    TIME,
    USER,
    YES_NO,
    Calendar,
    Type,
    list_of,
    number,
    record,
    records,
)
from dougong.expr.values import decode, encode
from dougong.problems import Mark, Problem
from dougong.sqltypes import Instant, Json, Scaled

HERE = Path(__file__).parent
NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # a Monday, 09:30 in Shanghai
KIND = Type("choice", options=("first", "demo", "talk"))
MARK = Mark("t.yaml", 1, 1)


def _m(type_: Type, name: str = "", **more: Any) -> Member:
    return Member(type_, name, **more)


LABELS = {"首次接触": "first", "方案演示": "demo", "谈判": "talk"}
LINE = Shape("s.thing_lines", "明细", {
    "parent": _m(record("s.thing"), "主单"), "qty": _m(INTEGER, "数量"), "price": _m(number(2, "money"), "单价"),
    "label": _m(TEXT, "标签"), "done": _m(YES_NO, "完成"), "day": _m(DATE, "日期"), "at": _m(DATETIME, "时间"),
    "kind": _m(KIND, "类型", labels=LABELS),
})  # fmt: skip
NOTE = Shape("s.note", "便条", {
    "thing": _m(record("s.thing"), "事项"), "body": _m(TEXT, "内容"), "writer": _m(USER, "作者"), "size": _m(INTEGER, "大小"),
})  # fmt: skip
PERSON = Shape("user", "用户", {"name": _m(TEXT, "姓名"), "manager": _m(USER, "上级"), "level": _m(INTEGER, "级别")})
THING = Shape("s.thing", "事项", {
    "name": _m(TEXT, "名称"), "other": _m(TEXT, "别名"), "n": _m(INTEGER, "个数"), "m": _m(INTEGER, "份数"),
    "price": _m(number(2, "money"), "价格"), "cost": _m(number(2, "money"), "成本"), "rate": _m(number(4, "percent"), "比率"),
    "fine": _m(number(6), "精数"),
    "ok": _m(YES_NO, "预算已确认"), "sure": _m(YES_NO, "确定"), "day": _m(DATE, "日期"), "due": _m(DATE, "期限"),
    "at": _m(DATETIME, "时间"), "seen": _m(DATETIME, "最近"), "clock": _m(TIME, "时刻"), "valid": _m(RANGE, "有效期"),
    "kind": _m(KIND, "类型", labels=LABELS), "was_kind": _m(KIND, "原类型", labels=LABELS), "tags": _m(list_of(TEXT), "标签"),
    "kinds": _m(list_of(KIND), "类型组", labels=LABELS), "picture": _m(FILE, "照片"), "length": _m(SPAN, "时长"),
    "owner": _m(USER, "负责人"), "backup": _m(USER, "备份"), "up": _m(record("s.thing"), "上级事项"),
    "helpers": _m(list_of(USER), "协办人", through="helpers"), "shown": _m(INTEGER, "现算", column=False),
    "lines": _m(records("s.thing_lines"), "明细", via="parent"), "notes": _m(records("s.note"), "便条", via="thing"),
    "friends": _m(records("s.thing"), "相关", through="friends"),
})  # fmt: skip
SHAPES = {s.key: s for s in (THING, LINE, NOTE, PERSON)}
SCOPE = Scope("s", SHAPES, THING, names={"extra": TEXT, "limit": number(2)}, settings={"cap": number(2), "mode": TEXT})
NAMES = {"extra": "外面", "limit": decode("10.00", number(2))}
SETTINGS = {"cap": decode("100.00", number(2)), "mode": "a"}
KEY = b"a key for tests"

PEOPLE: dict[int, dict[str, Any]] = {
    1: {"id": 1, "name": "王芳", "manager": 2, "level": 3},
    2: {"id": 2, "name": "李强", "manager": None, "level": 7},
    3: {"id": 3, "name": "走了", "manager": 2, "level": None, "deleted": True},
}


def compile_(source: str, scope: Scope = SCOPE, want: Type | None = None) -> Expr:
    """A formula that has to be right."""
    expr, problems = compile_expr(source, MARK, scope, want)
    assert expr is not None, (source, [(p.code, dict(p.args)) for p in problems])
    return expr


def problems_of(source: str, scope: Scope = SCOPE, want: Type | None = None) -> tuple[Problem, ...]:
    expr, problems = compile_expr(source, MARK, scope, want)
    assert (expr is None) == bool(problems)
    return problems


@dataclass
class Record:
    """A thing with its lines and notes; values as expr/types.py has them."""

    values: dict[str, Any]
    lines: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    friends: tuple[int, ...] = ()
    id: int = 0

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Record:
        """From plain YAML or JSON."""
        forms = {"lines": LINE, "notes": NOTE}
        many = {key: [_values(shape, r) for r in raw.get(key, ())] for key, shape in forms.items()}
        own = {k: v for k, v in raw.items() if k not in ("lines", "notes", "friends")}
        return cls(_values(THING, own), many["lines"], many["notes"], tuple(raw.get("friends", ())))


def _values(shape: Shape, raw: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v if k == "deleted" else decode(v, shape.members[k].type) for k, v in raw.items()}


class World:
    """All records of one test, numbered as they come; a formulas' Source."""

    def __init__(self, records_: Iterable[Record]) -> None:
        self.things = list(records_)
        self.rows: dict[str, dict[int, dict[str, Any]]] = {"user": PEOPLE, "s.thing": {}, "s.thing_lines": {}, "s.note": {}}
        for number_, thing in enumerate(self.things, 1):
            thing.id = number_
            self.rows["s.thing"][number_] = {"id": number_, **thing.values}
            self._add("s.thing_lines", "parent", number_, thing.lines)
            self._add("s.note", "thing", number_, thing.notes)

    def _add(self, form: str, via: str, parent: int, rows: Sequence[dict[str, Any]]) -> None:
        for row in rows:
            id = len(self.rows[form]) + 1
            self.rows[form][id] = {"id": id, via: parent, **row}

    def _alive(self, form: str) -> list[dict[str, Any]]:
        return [r for r in self.rows[form].values() if not r.get("deleted")]

    def record(self, form: str, id: int) -> Mapping[str, Any] | None:
        row = self.rows[form].get(id)
        return None if row is None or row.get("deleted") else row

    def children(self, form: str, via: str, parent: int) -> Sequence[Mapping[str, Any]]:
        return [r for r in self._alive(form) if r[via] == parent]

    def linked(self, form: str, field: str, id: int) -> Sequence[Mapping[str, Any]]:
        return [r for f in self.things[id - 1].friends if (r := self.record("s.thing", f)) is not None]

    def everyone(self, form: str) -> Sequence[Mapping[str, Any]]:
        return self._alive(form)

    def env(self, thing: Record, zone: str = "Asia/Shanghai", me: int | None = 1, old: Mapping[str, Any] | None = None) -> Env:
        row = self.rows["s.thing"][thing.id]
        calendar = replace(Calendar(), zone=ZoneInfo(zone))
        return Env("s.thing", row, self, NOW, calendar, old=old, me=me, names=NAMES, settings=SETTINGS, key=KEY)

    def python(self, expr: Expr, thing: Record, **more: Any) -> Any:
        return evaluate(expr, self.env(thing, **more))


METADATA = MetaData()


def _columns(shape: Shape) -> list[Column[Any]]:
    plain: dict[str, Any] = {
        "text": Text, "yes_no": Boolean, "date": Date, "datetime": Instant, "time": Text, "choice": Text, "file": Text,
        "record": BigInteger,
    }  # fmt: skip
    out: list[Column[Any]] = [Column("id", Integer, primary_key=True), Column("deleted_at", Instant)]
    for key, member in shape.members.items():
        match member.type.kind:
            case "number":
                out.append(Column(key, Scaled(member.type.scale) if member.type.scale else BigInteger))
            case "range":
                out += [Column(f"{key}__from", Date), Column(f"{key}__to", Date)]
            case "list" if not member.through:
                out.append(Column(key, Json))
            case kind if kind in plain and member.column:
                out.append(Column(key, plain[kind]))
    return out


TABLES: dict[str, Any] = {key: Table(key.replace(".", "__"), METADATA, *_columns(shape)) for key, shape in SHAPES.items()}
for _name in ("helpers", "friends"):
    TABLES[f"s.thing.{_name}"] = Table(f"s__thing__{_name}", METADATA, Column("source", Integer), Column("target", Integer))


def _prepare(connection: sqlite3.Connection) -> None:
    sqlite.install(connection)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = MEMORY")


@contextmanager
def open_database(url: str) -> Iterator[Connection]:
    """A connection on which formulas run; each statement stands for itself."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: _prepare(connection))
    METADATA.create_all(engine)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def store(world: World, connection: Connection) -> None:
    """The world's records in tables, deleted ones too."""
    connection.exec_driver_sql("BEGIN")
    for key, table in TABLES.items():
        connection.execute(table.delete())
        if world.rows.get(key):
            rows = [_stored(SHAPES[key], table, r) for r in world.rows[key].values()]
            connection.execute(insert(table), rows)
    helpers = [{"source": t.id, "target": u} for t in world.things for u in t.values.get("helpers", ())]
    friends = [{"source": t.id, "target": f} for t in world.things for f in t.friends]
    for key, rows in (("s.thing.helpers", helpers), ("s.thing.friends", friends)):
        if rows:
            connection.execute(insert(TABLES[key]), rows)
    connection.exec_driver_sql("COMMIT")


def _stored(shape: Shape, table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = dict.fromkeys(c.key for c in table.columns)
    out |= {"id": row["id"], "deleted_at": NOW if row.get("deleted") else None}
    for key, member in shape.members.items():
        value = row.get(key)
        if member.type.kind == "range":
            out[f"{key}__from"], out[f"{key}__to"] = value or (None, None)
        elif key in out:
            out[key] = list(value) or None if isinstance(value, tuple) else value
    return out


def sql_values(expr: Expr, world: World, connection: Connection, things: Sequence[Record], **more: Any) -> list[Any]:
    """The formula's value for each of `things`, worked out by the database."""
    row = TABLES["s.thing"]
    scope = SqlScope(TABLES, {}, "s.thing", row, connection.dialect.name, replace(world.env(things[0], **more), row={}))
    value = to_sql(expr, scope, two_valued=True)
    rows = connection.execute(select(row.c.id, value).where(row.c.id.in_([t.id for t in things])))
    found = {id: v for id, v in rows}
    out = [found[t.id] for t in things]
    if expr.type.kind == "yes_no":
        holds = set(connection.scalars(select(row.c.id).where(to_sql(expr, scope))))
        assert [t.id in holds for t in things] == out, "as a filter it holds for others than as a value"
    return [tuple(v or ()) if expr.type.kind == "list" else v for v in out]


def filterable(expr: Expr) -> bool:
    return not_in_filter(expr) is None


def node_job(
    expr: Expr, world: World, thing: Record, zone: str = "Asia/Shanghai", me: int | None = 1, old: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One evaluation for run.mjs."""
    row = _encoded(THING, world.rows["s.thing"][thing.id])
    row["lines"] = [_encoded(LINE, r) for r in world.children("s.thing_lines", "parent", thing.id)]
    env = {
        "now": encode(NOW, DATETIME), "calendar": calendar_json(replace(Calendar(), zone=ZoneInfo(zone))), "me": me,
        "names": {k: encode(v, SCOPE.names[k]) for k, v in NAMES.items()},
        "settings": {k: encode(v, SCOPE.settings[k]) for k, v in SETTINGS.items()},
        "old": None if old is None else _encoded(THING, old),
    }  # fmt: skip
    return {"tree": to_json(expr), "row": row, "env": env}


def _encoded(shape: Shape, row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: encode(v, shape.members[k].type) if k in shape.members else v for k, v in row.items() if k != "deleted"}


def node_values(jobs: Sequence[dict[str, Any]], types: Sequence[Type], module: Path | None = None) -> list[Any]:
    """All jobs in one Node process; values as Python has them."""
    source = module or HERE.parents[1] / "platform/dougong/web/assets/expr.js"
    done = subprocess.run(["node", str(HERE / "run.mjs"), str(source)], input=json.dumps(jobs), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [_read(answer, type_) for answer, type_ in zip(json.loads(done.stdout), types, strict=True)]


def _read(answer: Any, type_: Type) -> Any:
    assert not (isinstance(answer, dict) and "error" in answer), answer
    return decode(answer, type_)


