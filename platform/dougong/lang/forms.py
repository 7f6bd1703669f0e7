"""Forms: drafts → spec.Form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dougong.expr.compile import compile_template
from dougong.expr.tree import Expr, Template
from dougong.expr.types import INTEGER, Type, record
from dougong.lang.kinds.form import FIELD_OPTIONS
from dougong.lang.link import FieldDraft, FormDraft
from dougong.lang.options import compile_options, content_id, given_value, text_keys
from dougong.lang.outside import build_ask_later, build_public
from dougong.lang.site import Site
from dougong.lang.source import Place
from dougong.lang.units import fraction
from dougong.problems import suggest
from dougong.spec.form import Case, Duplicate, Face, Field, Form, Option, Reject, Section
from dougong.spec.label import Label
from dougong.spec.system import SYSTEM_FIELDS


def build_forms(site: Site) -> dict[str, Form]:
    """All forms of the app by key, those of lines included."""
    return {key: _form(draft, site.on(key)) for key, draft in site.links.forms.items()}


def _form(draft: FormDraft, site: Site) -> Form:
    place, path = draft.place, ("form", draft.id)
    names = _fields(draft, site)
    title = site.template(place["title"], *path, "title") if not draft.lines_of else None
    return Form(
        id=draft.id,
        app=site.links.app,
        name=site.labels.label(place["name"], *_label_path(draft, site), default=draft.id),
        shape=site.shapes[draft.key],
        fields=names,
        title=title or _default_title(draft, names, site),
        icon=str(place.get("icon", "")),
        layout=_layout(place, path, site) if not draft.lines_of else (),
        duplicates=_duplicates(place, path, site) if not draft.lines_of else (),
        rejects=_rejects(place, path, site) if not draft.lines_of else (),
        ask_later=build_ask_later(place["ask_later"], (*path, "ask_later"), names, site) if not draft.lines_of else (),
        workflow=workflow.id if (workflow := site.links.workflow_of(draft.key)) else "",
        lines_of=draft.lines_of,
        on_delete=_on_delete(place, site) if not draft.lines_of else {"parent": "delete"},
        public=build_public(place["public"], (*path, "public"), names, site) if not draft.lines_of else None,
        face=_face(place["face"], site),
        was=str(place.get("was", "")),
        table=draft.key.replace(".", "__"),
        mark=place.key_mark if draft.lines_of else place["form"].mark,
    )


def _label_path(draft: FormDraft, site: Site) -> tuple[str, ...]:
    """Where the words of a form stand in `texts`; lines stand inside their parent."""
    if not draft.lines_of:
        return ("form", draft.id)
    parent, field = draft.lines_of
    owner = site.links.forms[parent]
    return (*_label_path(owner, site), "columns" if owner.lines_of else "fields", field)


def _fields(draft: FormDraft, site: Site) -> dict[str, Field]:
    path = (*_label_path(draft, site), "columns" if draft.lines_of else "fields")
    fields = {f.id: f for f in _system_fields(draft, site)}
    if draft.lines_of:
        parent = draft.lines_of[0]
        name = site.links.forms[parent].name
        fields["parent"] = Field(
            id="parent",
            name=Label(name),
            type="link",
            value=record(parent),
            target=parent,
            required=True,
            index=True,
            key="parent",
            system=True,
        )
    own = {item.id: _field(item, (*path, item.id), site) for item in draft.fields.values()}
    # declared ones first, in their order; an `owner` declared here takes the place of the system's
    fields = own | {id: f for id, f in fields.items() if id not in own}
    return {id: replace(f, default=_default(draft.fields[id], f, site)) if id in draft.fields else f for id, f in fields.items()}


def _system_fields(draft: FormDraft, site: Site) -> list[Field]:
    workflow = site.links.workflow_of(draft.key)
    out = []
    for field in SYSTEM_FIELDS:
        if field.id == "stage" and workflow:
            options = {
                str(s.get("id", "")): Option(
                    str(s.get("id", "")), site.labels.label(s["name"], "workflow", workflow.id, "stages", str(s.get("id", "")))
                )
                for s in workflow.place["stages"].each()
            }
            field = replace(field, value=Type("choice", options=workflow.stages), choices=options, index=True)
        out.append(field)
    return out


def _field(item: FieldDraft, path: tuple[str, ...], site: Site) -> Field:
    place, type_ = item.place, item.type
    skip = (*FIELD_OPTIONS, *_formula_options(item))
    options = compile_options(place, {"properties": type_.schema}, replace(_option_site(item, site), path=path), skip=skip)
    for fault in type_.faults(place.value):
        problem = fault.problem()
        site.report.check("bad-option", place.key_mark, why={language: problem.sentence(language) for language in ("zh", "en")})
    flags = {key: place.get(key, False) is True for key in ("required", "unique", "search", "index", "once", "copy_last", "reveal")}
    formula = _formula(item, site)
    return Field(
        id=item.id,
        name=site.labels.label(place["name"], *path, default=item.id),
        type=item.kind,
        value=item.value,
        options={key: value for key, value in place.value.items() if key in type_.schema} | options,
        choices=_choices(place["options"], (*path, "options"), site) if "options" in type_.schema else {},
        target=item.target,
        via=item.via,
        mask=str(place.get("mask", "")),
        formula=formula,
        cases=_cases(item, site),
        stored=item.stored and not type_.virtual,
        value_template=_value_template(item, site),
        required_when=site.condition(place["required_when"]),
        visible_when=site.condition(place["visible_when"]),
        readonly_when=site.condition(place["readonly_when"]),
        help=site.labels.label(place["help"], *path, "help"),
        placeholder=site.labels.label(place["placeholder"], *path, "placeholder"),
        was=str(place.get("was", "")),
        key=item.id,
        system=item.id == "owner",
        mark=place.key_mark,
        **flags,
    )


def _option_site(item: FieldDraft, site: Site) -> Site:
    """A picker's filter stands on the records it offers; `this` is the one being filled in."""
    if not item.target or item.via == "parent":
        return site
    return replace(site.on(item.target), names={**site.names, "this": record(site.form)})


def _formula_options(item: FieldDraft) -> tuple[str, ...]:
    """Options that are not the type's own business: compiled here, into attributes of the field."""
    own = [o for o, s in item.type.schema.items() if s.get("format") in ("fields", "template") or o == "options"]
    required = [o for o in item.type.required_options if item.type.schema.get(o, {}).get("format") in ("formula", "field")]
    return (*own, *required)


def _value_template(item: FieldDraft, site: Site) -> Template | None:
    """A number made by rule; `n` is the next number of its period."""
    option = next((o for o in item.type.required_options if item.type.schema.get(o, {}).get("format") == "template"), "")
    return replace(site, names={"n": INTEGER}).template(item.place[option]) if option else None


def _choices(place: Place, path: tuple[str, ...], site: Site) -> Mapping[str, Option]:
    out = {}
    for id, option in place.items():
        if isinstance(option.value, str):
            out[id] = Option(id, site.labels.label(option, *path, id))
        else:
            out[id] = Option(id, site.labels.label(option["name"], *path, id, default=id), str(option.get("colour", "")))
    return out


def _formula(item: FieldDraft, site: Site) -> Expr | None:
    place = item.formula
    if place is None or (site.form, item.id) in site.unknown:
        return None
    return replace(site, me=not item.stored).formula(place, None if item.inferred else item.value)


def _cases(item: FieldDraft, site: Site) -> tuple[Case, ...]:
    out: list[Case] = []
    here = replace(site, me=not item.stored)
    lines = list(item.place["cases"].each()) if "cases" in item.place else []
    for number, line in enumerate(lines):
        last = "else" in line
        if last and (number + 1 < len(lines) or "if" in line or "then" in line):
            site.report.check("else-not-last", line["else"].key_mark)
        elif not last and not ("if" in line and "then" in line):
            site.report.check("case-incomplete", line.mark)
            continue
        out.append(Case(here.condition(line["if"]), _then(line["else" if last else "then"], item, here)))
    return tuple(out)


def _then(place: Place, item: FieldDraft, site: Site) -> Expr | str:
    if item.value.kind == "choice":
        word = str(place.value)
        if word not in item.value.options:
            names = site.shapes[site.form].members[item.id].labels
            near = suggest(word, item.value.options, names)
            site.report.check("unknown-option-id", place.mark, near, word=word, field=str(item.place.get("name", item.id)))
        return word
    return site.formula(place, item.value) or ""


def _default(item: FieldDraft, field: Field, site: Site) -> Any:
    place = item.place["default"]
    if place.value is None:
        return None
    if field.computed or item.type.read_only:
        site.report.check("computed-not-set", place.key_mark, field=str(field.name))
        return None
    return given_value(place, field, site)


def _default_title(draft: FormDraft, fields: Mapping[str, Field], site: Site) -> Template:
    """The first text field; a form without any is called by its first field, whatever that holds."""
    own = [f for f in fields.values() if f.id in draft.fields and f.stored and f.value.kind not in ("records", "file", "json")]
    first = next((f for f in own if f.value.kind == "text"), own[0] if own else None)
    if first is None:
        return Template(draft.name, (draft.name,))
    template, _ = compile_template(f"{{{{ {first.id} }}}}", draft.place.mark, site.scope)
    return template or Template(draft.name, (draft.name,))


def _layout(place: Place, path: tuple[str, ...], site: Site) -> tuple[Section, ...]:
    out, taken = [], set[str]()
    keys = text_keys(place["layout"], lambda item: next((str(field.value) for field in item["fields"].each()), ""))
    for item, key in zip(place["layout"].each(), keys, strict=True):
        id = str(item.get("id", "")) or content_id(item.value, taken)
        taken.add(id)
        name = site.labels.label(item["section"], *path, "layout", key)
        out.append(Section(id, name, site.fields(item["fields"]), site.condition(item["visible_when"])))
    return tuple(out)


def _face(place: Place, site: Site) -> Face:
    added = place["primary"]["create"]
    return Face(
        facts=site.fields(place["facts"]),
        state=site.field(place["state"]) if "state" in place else "",
        blocker=site.field(place["blocker"]) if "blocker" in place else "",
        adds=site.links.form(added, site.report) or "" if added.value is not None else "",
    )


def _duplicates(place: Place, path: tuple[str, ...], site: Site) -> tuple[Duplicate, ...]:
    out, taken = [], set[str]()
    keys = text_keys(place["duplicates"], lambda item: _joined(item["similar" if "similar" in item else "same"]))
    for item, key in zip(place["duplicates"].each(), keys, strict=True):
        if ("same" in item) == ("similar" in item):
            site.report.check("same-or-similar", item.key_mark)
            continue
        id = str(item.get("id", "")) or content_id(item.value, taken)
        taken.add(id)
        similar = "similar" in item
        above = float(fraction(str(item.get("above", "80%")))) if similar else 1.0
        message = replace(site, names={"found": record(site.form)}).template(item["message"], *path, "duplicates", key, "message")
        out.append(
            Duplicate(id, site.fields(item["similar" if similar else "same"]), similar, above, str(item.get("then", "refuse")), message)
        )
        if out[-1].then == "refuse" and message is None:
            site.report.lint("no-message", item.key_mark, warning=False)
    return tuple(out)


def _joined(place: Place) -> str:
    return "_".join(str(item.value) for item in place.each())


def _rejects(place: Place, path: tuple[str, ...], site: Site) -> tuple[Reject, ...]:
    out, taken = [], set[str]()
    keys = text_keys(place["reject_when"], lambda item: _joined(item["fields"]))
    for item, key in zip(place["reject_when"].each(), keys, strict=True):
        id = str(item.get("id", "")) or content_id(item.value, taken)
        taken.add(id)
        condition = replace(site, old=True).condition(item["if"])
        message = site.template(item["message"], *path, "reject_when", key, "message")
        if message is None and "message" not in item:
            site.report.lint("no-message", item.key_mark, warning=False)
        if condition and message:
            out.append(Reject(id, condition, message, site.fields(item["fields"])))
    return tuple(out)


def _on_delete(place: Place, site: Site) -> Mapping[str, str]:
    return {key: str(item.value) for _, item in place["on_delete"].items() if (key := site.links.form(item.as_key, site.report))}
