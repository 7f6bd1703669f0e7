"""People pasted from a sheet: 姓名 手机 主管, one line each, with or without a heading."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from dougong.people import hierarchy, teams, users
from dougong.people.identity import clean, sign_in_key
from dougong.people.users import Person
from dougong.problems import Problem, Problems

COLUMNS = ("name", "phone", "manager")
"""What stands where without a heading."""
MOST_LINES = 2_000
_HEADINGS: Mapping[str, str] = {
    word: column
    for column, words in {
        "name": "姓名 名字 员工 name",
        "phone": "手机 手机号 手机号码 电话 联系电话 phone mobile",
        "manager": "主管 上级 直属主管 直属上级 manager supervisor",
        "email": "邮箱 电子邮箱 邮件 email e-mail mail",
        "login": "账号 登录名 用户名 login username",
        "team": "团队 部门 小组 team department",
        "region": "区域 大区 地区 region",
        "title": "职务 岗位 职位 title position",
    }.items()
    for word in words.split()
}


@dataclass(frozen=True)
class Line:
    """`number` counts the pasted lines from 1; `cells` are by column."""

    number: int
    cells: Mapping[str, str]

    def problem(self, code: str, field: str, value: str = "") -> Problem:
        return Problem(code, {"value": value, "name": value}, form="user", field=field, row=self.number)


def lines(text: str, further: Mapping[str, str] | None = None) -> tuple[Line, ...]:
    """The pasted lines by column; raises Problems for lines with more cells than there are columns.

    `further`: heading → column, beside those that every workspace knows.
    """
    headings = {**_HEADINGS, **{_word(heading): column for heading, column in (further or {}).items()}}
    split = re.compile(r"\t" if "\t" in text else r"[,，;；]" if re.search(r"[,，;；]", text) else r"\s+")
    written = [(n, row.strip(" ")) for n, row in enumerate(text.splitlines(), 1) if row.strip()]
    rows = [(n, [clean(cell).strip('" ') for cell in split.split(row)]) for n, row in written]
    if not rows:
        raise Problems([Problem("paste-empty", field="people")])
    if len(rows) > MOST_LINES:
        raise Problems([Problem("paste-too-long", {"most": MOST_LINES}, field="people")])
    columns: tuple[str, ...] = COLUMNS
    heading = tuple(headings.get(_word(cell), "") for cell in rows[0][1])
    if "name" in heading:
        columns = heading
        rows.pop(0)
    wide = [(n, cells[len(columns):]) for n, cells in rows if any(cells[len(columns):])]
    if wide:
        raise Problems(Line(n, {}).problem("paste-too-many-cells", "people", " ".join(extra).strip()) for n, extra in wide)
    return tuple(Line(n, {c: cell for c, cell in zip(columns, cells, strict=False) if c}) for n, cells in rows)


def create(
    connection: Connection,
    text: str,
    further: Mapping[str, str] | None = None,
    keep: Callable[[int, Mapping[str, str]], None] = lambda person, cells: None,
) -> tuple[int, ...]:
    """The new people in the order pasted. Managers are found by name, phone or sign-in name, here or among the people there are.

    `keep` gets each new person with the line's cells: what stands in the `further` columns (see `lines`) is for the caller.
    Raises all problems together, each with its row; then nobody is to be kept: let the transaction end with the error.
    """
    pasted = lines(text, further)
    known_teams = {t.name: t.id for t in teams.all_teams(connection)}
    problems: list[Problem] = []
    made: dict[int, int] = {}
    for line in pasted:
        team = line.cells.get("team", "")
        if team and team not in known_teams:
            problems.append(line.problem("team-unknown", "team", team))
        texts: dict[str, Any] = {name: line.cells.get(name, "") for name in ("name", "phone", "email", "login", "region", "title")}
        try:
            made[line.number] = users.create(connection, Person(**texts, team=known_teams.get(team)))
            keep(made[line.number], line.cells)
        except Problems as found:
            problems += [Problem(p.code, p.args, form="user", field=p.field, row=line.number) for p in found]
    names = _directory(connection)
    refused = {sign_in_key(line.cells.get("name", "")) for line in pasted if line.number not in made}
    for line in pasted:
        manager = line.cells.get("manager", "")
        if manager and not (sign_in_key(manager) in refused and sign_in_key(manager) not in names):
            problems += _place(connection, line, made.get(line.number), manager, names)
    if problems:
        raise Problems(sorted(problems, key=lambda p: p.row or 0))
    return tuple(made.values())


def _word(heading: str) -> str:
    return heading.lower().replace(" ", "")


def _place(connection: Connection, line: Line, person: int | None, manager: str, names: Mapping[str, set[int]]) -> list[Problem]:
    """Puts the person under the manager; of a refused line only the manager's name is looked at."""
    found = names.get(sign_in_key(manager), set())
    if len(found) != 1:
        return [line.problem("manager-ambiguous" if found else "manager-unknown", "manager", manager)]
    if person is None:
        return []
    try:
        hierarchy.place(connection, person, next(iter(found)))
    except Problems as wrong:
        return [line.problem(p.code, "manager", manager) for p in wrong]
    return []


def _directory(connection: Connection) -> Mapping[str, set[int]]:
    """Active people by everything they may be called."""
    names: dict[str, set[int]] = defaultdict(set)
    for user in users.everyone(connection):
        if user.active:
            for word in (user.person.name, user.person.phone, user.person.email, user.person.login):
                if word:
                    names[sign_in_key(word)].add(user.id)
    return names
