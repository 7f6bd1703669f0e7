"""What refers to what: ids, forms, fields, stages, roles. Every reference is either found here or reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from dougong.expr.checking import RESERVED
from dougong.expr.types import DATE, INTEGER, SPAN, TEXT, YES_NO, Type, number, records
from dougong.fields.base import FieldType
from dougong.lang.report import Report
from dougong.lang.source import Document, Place
from dougong.lang.vocabulary import Vocabulary
from dougong.problems import suggest
from dougong.spec.form import Form
from dougong.spec.system import PLAIN_COLUMNS, SYSTEM_FIELDS

SYSTEM_IDS = frozenset(f.id for f in SYSTEM_FIELDS)
RESERVED_IDS = RESERVED | {*PLAIN_COLUMNS, "position", "parent"}
QUESTION_TYPES: Mapping[str, Type] = {
    "text": TEXT, "integer": INTEGER, "decimal": number(2), "money": number(2, "money"), "percent": number(4, "percent"),
    "yes_no": YES_NO, "date": DATE, "duration": SPAN,
}  # fmt: skip


@dataclass
class FieldDraft:
    """A field whose form names are complete. `value` of a formula is inferred later."""

    id: str
    place: Place
    kind: str
    type: FieldType
    value: Type
    target: str = ""
    via: str = ""

    @property
    def formula(self) -> Place | None:
        """The formula that this field's value comes from."""
        required = [o for o in self.type.required_options if self.type.schema.get(o, {}).get("format") == "formula"]
        option = required[0] if required else "formula"
        place = self.place[option]
        return None if place.value is None else place

    @property
    def inferred(self) -> bool:
        """Whether its type is its formula's."""
        return any(self.type.schema.get(o, {}).get("format") == "formula" for o in self.type.required_options)

    @property
    def computed(self) -> bool:
        return self.formula is not None or "cases" in self.place

    @property
    def stored(self) -> bool:
        return not self.computed or any(self.place.get(option, False) is True for option in ("stored", "copy"))


@dataclass
class FormDraft:
    id: str
    key: str
    place: Place
    name: str
    fields: dict[str, FieldDraft] = field(default_factory=dict)
    lines_of: tuple[str, str] | None = None


@dataclass(frozen=True)
class WorkflowDraft:
    id: str
    form: str
    place: Place
    stages: tuple[str, ...]


@dataclass
class Links:
    """The app's things by id, and those of the workspace around it."""

    app: str
    forms: dict[str, FormDraft] = field(default_factory=dict)  # by key, lines forms included
    others: Mapping[str, Form] = field(default_factory=dict)  # system forms and other apps'
    workflows: dict[str, WorkflowDraft] = field(default_factory=dict)
    roles: dict[str, Place] = field(default_factory=dict)
    automations: dict[str, Place] = field(default_factory=dict)
    views: dict[str, Place] = field(default_factory=dict)
    settings: dict[str, Type] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()

    def workflow_of(self, form: str) -> WorkflowDraft | None:
        return next((w for w in self.workflows.values() if w.form == form), None)

    def counted(self, on: Place) -> Place:
        """The trigger behind one that counts another automation's runs, however many count each other; any other is itself."""
        seen = set[str]()
        while (of := str(on["repeated"].get("of", ""))) in self.automations and of not in seen:
            seen.add(of)
            on = self.automations[of]["on"]
        return on

    def top_of(self, draft: FormDraft) -> FormDraft:
        """The form in whose records these lines stand, however deep."""
        return self.top_of(self.forms[draft.lines_of[0]]) if draft.lines_of else draft

    def form(self, place: Place, report: Report, word: str = "") -> str:
        """The key of the form that `place` (or `word` there) names; '' after reporting that there is none."""
        word = word or str(place.value)
        app, _, id = word.rpartition(".")
        if app in ("", self.app):
            if (key := f"{self.app}.{id}") in self.forms:
                return key
            if not app and id in self.others and not self.others[id].app:
                return id
            labels = {d.name: d.id for d in self.forms.values()}
            known = [*(d.id for d in self.forms.values()), *(k for k, f in self.others.items() if not f.app)]
            report.link("unknown-form", place.mark, suggest(id, known, labels), word=id)
        elif app not in self.needs:
            report.link("need-missing", place.mark, app=app)
        elif word in self.others:
            return word
        else:
            report.link("unknown-form", place.mark, suggest(word, self.others), word=word)
        return ""


def link(documents: Iterable[Document], app: Document, vocabulary: Vocabulary, around: Mapping[str, Form], report: Report) -> Links:
    """Everything that has an id, and where it leads."""
    by_kind: dict[str, dict[str, Document]] = {}
    for document in documents:
        taken = by_kind.setdefault(document.kind, {})
        place = document.root[document.kind]
        if document.id in taken and document.kind not in ("scenario", "data"):
            first = taken[document.id].root[document.kind].mark
            report.link("duplicate-id", place.mark, word=document.id, file=first.file, line=first.line)
        else:
            taken[document.id] = document
    others = {**vocabulary.system_forms, **{key: form for key, form in around.items() if form.app != app.id}}
    links = Links(app.id, others=others, needs=frozenset(app.content.get("needs") or {}))
    for id, place in app.root["ask"].items():
        kind = place.get("type", "text")
        links.settings[id] = Type("choice", options=tuple(place.get("options", {}))) if kind == "choice" else QUESTION_TYPES[kind]
    for id, document in by_kind.get("form", {}).items():
        _declare(links, FormDraft(id, f"{app.id}.{id}", document.root, str(document.content.get("name", id))), "fields", vocabulary, report)
    for draft in list(links.forms.values()):
        for item in draft.fields.values():
            _target(links, draft, item, report)
    for id, document in by_kind.get("workflow", {}).items():
        form = links.form(document.root["form"], report)
        if other := links.workflow_of(form) if form else None:
            report.link("second-workflow", document.root["form"].mark, word=other.id)
        links.workflows[id] = WorkflowDraft(id, form, document.root, tuple(str(s.get("id", "")) for s in document.root["stages"].each()))
    links.views = {id: document.root for id, document in by_kind.get("view", {}).items()}
    links.automations = {id: document.root for id, document in by_kind.get("automation", {}).items()}
    links.roles = {id: document.root for id, document in by_kind.get("role", {}).items()}
    return links


def _declare(links: Links, draft: FormDraft, under: str, vocabulary: Vocabulary, report: Report) -> None:
    """A form with its fields, and the child forms of its lines."""
    if draft.key in links.forms:
        report.link("lines-id-taken", draft.place.mark, word=draft.id)
        return
    links.forms[draft.key] = draft
    for id, place in draft.place[under].items():
        kind = str(place.get("type", ""))
        if id in RESERVED_IDS:
            report.link("id-reserved", place.key_mark, word=id)
        elif id in SYSTEM_IDS and not (id == "owner" and kind == "user"):
            report.link("id-of-system-field", place.key_mark, word=id)
        type_ = vocabulary.field_types[kind]
        item = FieldDraft(id, place, kind, type_, type_.value_type(place.value))
        draft.fields[id] = item
        columns = next((o for o, s in type_.schema.items() if s.get("format") == "fields"), "")
        if columns:
            child = FormDraft(f"{draft.id}_{id}", f"{draft.key}_{id}", place, str(place.get("name", id)), lines_of=(draft.key, id))
            _declare(links, child, columns, vocabulary, report)
            item.value, item.target, item.via = records(child.key), child.key, "parent"


def _target(links: Links, draft: FormDraft, item: FieldDraft, report: Report) -> None:
    """Completes the names of forms in the field's type."""
    if item.via == "parent":
        return
    for option, schema in item.type.schema.items():
        if option not in item.place:
            continue
        place = item.place[option]
        if schema.get("format") == "form":
            item.target = links.form(place, report)
        elif schema.get("format") == "field" and item.type.virtual:
            item.target, item.via = _back_link(links, draft, place, report)
    fixed = _form_of(item.value)
    if not item.target and fixed in links.others:
        item.target = fixed
    if fixed and item.target:
        item.value = _on_form(item.value, item.target)


def _back_link(links: Links, draft: FormDraft, place: Place, report: Report) -> tuple[str, str]:
    """`form.field` → the child form and its link field that leads back here."""
    form, _, id = str(place.value).rpartition(".")
    if not form:
        report.link("related-needs-field", place.mark, word=str(place.value))
        return "", ""
    key = links.form(place, report, form)
    child = links.forms.get(key)
    if child is None:
        return key, id
    if id not in child.fields:
        report.link("unknown-field", place.mark, suggest(id, child.fields), form=child.name, word=id)
    else:
        to = child.fields[id].place
        wanted = {draft.id, draft.key}
        if not any(to.get(o, "") in wanted for o, s in child.fields[id].type.schema.items() if s.get("format") == "form"):
            report.link("related-not-a-link", place.mark, word=str(place.value), form=draft.name)
    return key, id


def _form_of(type_: Type) -> str:
    return type_.form or (_form_of(type_.of) if type_.of else "")


def _on_form(type_: Type, form: str) -> Type:
    if type_.of:
        return replace(type_, of=_on_form(type_.of, form))
    return replace(type_, form=form)
