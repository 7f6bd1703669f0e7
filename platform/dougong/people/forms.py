"""People and teams as formulas see them: two system forms, so that `owner.manager.name` is an ordinary path."""

from __future__ import annotations

from collections.abc import Mapping

from dougong.expr.compile import compile_template
from dougong.expr.scope import Member, Scope, Shape
from dougong.expr.types import TEAM, TEXT, USER, YES_NO, Type, records
from dougong.problems import NOWHERE
from dougong.spec.form import Field, Form, Option
from dougong.spec.label import Label

LANGUAGES = {"zh": Label("中文", {"en": "Chinese"}), "en": Label("英文", {"en": "English"})}


def _field(id: str, zh: str, en: str, type_: str = "text", value: Type = TEXT, *, required: bool = False, search: bool = False) -> Field:
    choices = {code: Option(code, name) for code, name in LANGUAGES.items()} if type_ == "choice" else {}
    return Field(
        id=id, name=Label(zh, {"en": en}), type=type_, value=value, key=id, target=value.form, choices=choices,
        required=required, search=search, index=bool(value.form), bare=True,
    )


USER_FIELDS = (
    _field("name", "姓名", "Name", required=True, search=True),
    _field("email", "邮箱", "E-mail", "email", search=True),
    _field("phone", "手机", "Phone", "phone", search=True),
    _field("manager", "主管", "Manager", "user", USER),
    _field("managers", "各级主管", "Managers at every level", "links", records("user")),  # people/hierarchy.py keeps them
    _field("team", "团队", "Team", "team", TEAM),
    _field("region", "区域", "Region"),
    _field("language", "语言", "Language", "choice", Type("choice", options=tuple(LANGUAGES))),
    _field("active", "在职", "Active", "yes_no", YES_NO),
    _field("title", "职务", "Job title"),
)
TEAM_FIELDS = (
    _field("name", "名称", "Name", required=True, search=True),
    _field("code", "代号", "Code"),  # the word that `team.east` in a template means
    _field("manager", "负责人", "Manager", "user", USER),
    _field("parent", "上级团队", "Part of", "team", TEAM),
    _field("group_robot", "群机器人", "Group robot"),
)


def _shape(key: str, name: str, fields: tuple[Field, ...]) -> Shape:
    return Shape(key, name, {f.id: _member(f) for f in fields})


def _member(field: Field) -> Member:
    many = field.value.kind == "records"
    return Member(
        type=field.value, name=str(field.name), indexed=field.index, column=not many, through=field.id if many else "",
        may_be_empty=not field.required and field.value != YES_NO,
        labels={str(o.name): o.id for o in field.choices.values()},
    )


_shapes = {"user": _shape("user", "人员", USER_FIELDS), "team": _shape("team", "团队", TEAM_FIELDS)}


def _form(key: str, name: Label, fields: tuple[Field, ...]) -> Form:
    title, problems = compile_template("{{ name }}", NOWHERE, Scope("", _shapes, _shapes[key]))
    assert title is not None, problems
    return Form(id=key, app="", name=name, shape=_shapes[key], fields={f.id: f for f in fields}, title=title, table=f"dg_{key}")


SYSTEM_FORMS: Mapping[str, Form] = {
    "user": _form("user", Label("人员", {"en": "Person"}), USER_FIELDS),
    "team": _form("team", Label("团队", {"en": "Team"}), TEAM_FIELDS),
}
