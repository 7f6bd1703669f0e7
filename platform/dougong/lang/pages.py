"""Views, roles, data, scenarios and the app's own file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from dougong.lang.options import constant, content_id
from dougong.lang.report import Report
from dougong.lang.site import Site
from dougong.lang.source import Document, Place
from dougong.problems import suggest
from dougong.spec.app import Data, EditNeeds, Grant, Home, Question, Role, Scenario, Sort, View
from dougong.spec.form import Field, Option
from dougong.spec.label import Label

PERSON_WORDS = ("login", "role")
"""What a row of sample people says besides the fields of the form user."""
MAX_ROWS = 50_000


def build_views(documents: Iterable[Document], site: Site) -> dict[str, View]:
    out = {}
    for document in documents:
        place = document.root
        form = site.links.form(place["form"], site.report)
        here = site.on(form)
        if not form:
            continue
        out[document.id] = View(
            id=document.id,
            app=site.links.app,
            form=form,
            name=site.labels.label(place["name"], "view", document.id, default=document.id),
            kind=str(place.get("type", "list")),
            columns=tuple(id for item in place["columns"].each() if (id := _column(item, here, stored=place.get("type", "") == "board"))),
            if_=here.condition(place["filter"]),
            sort=tuple(_sort(item, here) for item in place["sort"].each()),
        )
    return out


def _sort(place: Place, site: Site) -> Sort:
    word = str(place.value)
    return Sort(_column(place, site, stored=True), word.startswith("-"))


def _column(place: Place, site: Site, *, stored: bool) -> str:
    """The field at `place`; a board and a sort need a stored one."""
    word = str(place.value).removeprefix("-")
    member = site.member(place, word=word)
    field = site.forms[site.form].fields.get(word) if member and site.form in site.forms else None
    if stored and field and field.computed and not field.stored:
        site.report.check("live-not-allowed", place.mark, field=str(field.name))
    return word if member else ""


def build_roles(documents: Iterable[Document], site: Site) -> tuple[dict[str, Role], tuple[EditNeeds, ...]]:
    roles: dict[str, Role] = {}
    needs: list[EditNeeds] = []
    for document in documents:
        place = document.root
        grants = {}
        for _, item in place["can"].items():
            if form := site.links.form(item.as_key, site.report):
                grants[form] = _grant(form, item, site.on(form))
        for _, item in place["can"].items():
            draft = site.links.forms.get(site.links.form(item.as_key, Report()))
            if draft and draft.lines_of and site.links.top_of(draft).key not in grants:
                names = {"role": str(document.content["name"]), "form": site.links.top_of(draft).name}
                site.report.check("lines-not-opened", item.key_mark, **names)
        name = site.labels.label(place["name"], "role", document.id, default=document.id)
        roles[document.id] = Role(document.id, site.links.app, name, grants, place.get("fallback", False) is True)
        for item in place["edit_needs"].each():
            form = site.links.form(item["form"], site.report)
            here = site.on(form)
            id = str(item.get("id", "")) or content_id(item.value, {n.id for n in needs})
            people = here.people(item["by"]) if form else ()
            if form and people:
                needs.append(EditNeeds(id, form, here.fields(item["fields"]), people[0]))
    return roles, tuple(needs)


def _grant(form: str, place: Place, site: Site) -> Grant:
    follows = place["follows"]
    draft = site.links.forms.get(form)
    for word in ("may", "only", "follows") if draft and draft.lines_of else ():
        if word in place:
            site.report.check("lines-follow-parent", place[word].key_mark, word=word)
    member = site.member(follows) if follows.value else None
    if member and (member.type.kind != "record" or not member.column):
        site.report.check("follows-a-link", follows.mark, word=str(follows.value))
    may = frozenset(place.get("may", ("see",)))
    for right in place["may"].each():
        if right.value == "import_stage" and draft and ("import" not in may or not site.links.workflow_of(form)):
            site.report.check("stage-right-idle", right.mark, form=draft.name)
    return Grant(
        form=form,
        may=may,
        only=site.condition(place["only"]),
        follows=str(follows.value or ""),
        hide=frozenset(site.fields(place["hide"])),
        mask=frozenset(site.fields(place["mask"])),
        read_only=frozenset(site.fields(place["read_only"])),
    )


def build_data(documents: Iterable[Document], sources: Mapping[str, str], site: Site) -> tuple[Data, ...]:
    out = []
    for document in documents:
        place = document.root
        form = site.links.form(place["data"], site.report)
        if not form:
            continue
        here = site.on(form)
        rows: list[Mapping[str, Any]] = []
        for item in place["rows"].each():
            for word, cell in item.items():
                if form != "user" or word not in PERSON_WORDS:
                    here.member(cell.as_key)
            rows.append(dict(item.value))
        if "file" in place:
            rows += _csv(place["file"], sources, here)
        key = here.field(place["key"]) if "key" in place else ""
        out.append(Data(form, tuple(rows), place.get("sample", False) is True, key))
    return tuple(out)


def _csv(place: Place, sources: Mapping[str, str], site: Site) -> list[Mapping[str, Any]]:
    """Rows of a CSV whose first line names fields by id."""
    text = sources.get(f"data/{place.value}")
    if text is None:
        site.report.link("unknown-file", place.mark, word=f"data/{place.value}")
        return []
    reader = csv.DictReader(io.StringIO(text))
    for name in reader.fieldnames or ():
        site.member(place, word=name)
    rows: list[Mapping[str, Any]] = []
    for row in reader:
        if len(rows) >= MAX_ROWS:
            site.report.link("too-many-items", place.mark, limit=MAX_ROWS)
            break
        rows.append({key: value for key, value in row.items() if isinstance(key, str) and value})
    return rows


def build_scenarios(documents: Iterable[Document], data: Iterable[Data], site: Site) -> tuple[Scenario, ...]:
    """Kept as written; what they name is looked up here, so that a test can't pass by testing nothing.

    A scenario without people of its own is played by the template's sample people.
    """
    sample = {str(row["login"]): row for of in data if of.form == "user" for row in of.rows if "login" in row}
    return tuple(_scenario(document, sample, site) for document in documents)


def _scenario(document: Document, sample: Mapping[str, Mapping[str, Any]], site: Site) -> Scenario:
    place = document.root
    people = place.get("people", {}) or sample
    if not people:
        site.report.link("scenario-nobody", place["scenario"].mark)
    for _, person in place["people"].items():
        for key in ("role", "roles"):
            for role in person[key].each():
                site.role(role, str(role.value).removeprefix(f"{site.links.app}."))
        _person(person["manager"], people, site)
    _person(place["as"], people, site)
    for step in place["steps"].each():
        _step(step, people, site)
    return Scenario(
        name=document.id,
        proves=tuple(map(str, document.content.get("proves", ()))),
        people=people,
        at=str(document.content["at"]),
        as_=str(document.content.get("as", "")),
        steps=tuple(document.content["steps"]),
        mark=place["scenario"].mark,
        marks=document.values,
    )


def _person(place: Place, people: Mapping[str, Any], site: Site) -> None:
    if place.value is not None and place.value not in people:
        site.report.link("unknown-person", place.mark, suggest(str(place.value), people), word=str(place.value))


def _step(step: Place, people: Mapping[str, Any], site: Site) -> None:
    for word in ("create", "submit"):
        for form, values in step[word].items():
            if form != "call_it" and (key := site.links.form(values.as_key, site.report)):
                for _, cell in values.items():
                    site.on(key).member(cell.as_key)
    _person(step["as"], people, site)
    expected = step["expect"]
    for check in ("popups", "notified", "sees"):
        for person, told in expected[check].items():
            if person != "containing":
                _person(told.as_key, people, site)
    if "try" in step:
        _step(step["try"], people, site)


def build_questions(app: Document, site: Site) -> Mapping[str, Question]:
    """Defaults stay as written, as the installer's answers do; whether they can be read is checked here."""
    for id, place in app.root["ask"].items():
        options = {key: Option(key, Label(str(name))) for key, name in place.get("options", {}).items()}
        field = Field(id, Label(str(place.get("name", id))), str(place.get("type", "text")), site.links.settings[id], choices=options)
        constant(place["default"], field, site)
    return {
        id: Question(id, site.labels.label(place["name"], "app", "ask", id), site.links.settings[id], place.get("default", None))
        for id, place in app.root["ask"].items()
    }


def build_homes(app: Document, site: Site) -> tuple[Home, ...]:
    for place in app.root["home"].each():
        for card in place["cards"].each():
            _card(card, site)
    return tuple(
        Home(site.role(place["role"]), tuple(place.get("bar", ())), tuple(place.get("cards", ()))) for place in app.root["home"].each()
    )


def _card(card: Place, site: Site) -> None:
    """What a card names has to be there."""
    if not isinstance(card.value, dict):
        return
    figures = [one["view"] if isinstance(one.value, dict) else one for one in card["figures"].each()]
    for view in [card["view"], *figures, *(one["of"] for one in card["figures"].each()), *card["needs_me"].each()]:
        if isinstance(view.value, str) and view.value not in site.links.views:
            site.report.link("unknown-view", view.mark, suggest(view.value, site.links.views), word=view.value)
    if "running" in card and (form := site.links.form(card["running"]["form"], site.report)):
        for end in ("since", "until"):
            site.on(form).member(card["running"][end])
