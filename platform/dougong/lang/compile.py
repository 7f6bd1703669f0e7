"""From a template's files to spec.App: load → schema → link → check → lint.

Each phase reports all it finds; the next begins only when there is nothing, for its findings would be echoes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dougong.lang.automations import broken_automation, build_automation
from dougong.lang.forms import build_forms
from dougong.lang.labels import Labels
from dougong.lang.link import link
from dougong.lang.lint import lint
from dougong.lang.load import load
from dougong.lang.pages import build_data, build_homes, build_questions, build_roles, build_scenarios, build_views
from dougong.lang.papers import papers_in
from dougong.lang.report import Report
from dougong.lang.rules import check_rules
from dougong.lang.schema import compose
from dougong.lang.shapes import build_shapes
from dougong.lang.site import Site
from dougong.lang.source import Document
from dougong.lang.validate import validate
from dougong.lang.vocabulary import Vocabulary
from dougong.lang.workflows import build_workflows
from dougong.problems import Mark, Problem
from dougong.spec.app import App, Automation
from dougong.spec.form import Form


@dataclass(frozen=True)
class Compiled:
    """`app` is None where errors stand in its way; warnings may stand beside an app.

    `facts`: 'defaults' → form key → share (0…1) of fillable fields that are filled in by a default, the last value or a lookup.
    """

    app: App | None
    problems: tuple[Problem, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def compile_app(
    sources: Mapping[str, str], vocabulary: Vocabulary, workspace_forms: Mapping[str, Form] | None = None, *, tolerant: bool = False
) -> Compiled:
    """The app of a template. `workspace_forms` are the installed forms of all apps by key.

    `tolerant`: an automation with problems is switched off (Automation.broken) and doesn't stop the rest.
    """
    documents, problems = load(sources)
    if problems:
        return _stopped(problems)
    schemas = compose(vocabulary)
    broken: dict[int, list[Problem]] = {}
    for number, document in enumerate(documents):
        if wrong := validate([document], schemas):
            if tolerant and document.kind == "automation" and isinstance(document.content[document.kind], str):
                broken[number] = wrong
            else:
                problems += wrong
    app, missing = _app_file(documents, sources)
    if problems or app is None:
        return _stopped(problems or missing)
    sound = [d for n, d in enumerate(documents) if n not in broken]
    unsound = [(d, broken[n]) for n, d in enumerate(documents) if n in broken]
    return _linked(app, sound, unsound, sources, vocabulary, workspace_forms or {}, tolerant)


def _app_file(documents: Sequence[Document], sources: Mapping[str, str]) -> tuple[Document | None, list[Problem]]:
    apps = [d for d in documents if d.kind == "app"]
    if len(apps) == 1:
        return apps[0], []
    first = next(iter(sorted(sources)), "app.yaml")
    if not apps:
        return None, [Problem("no-app", mark=Mark(first, 1, 1))]
    return None, [Problem("second-app", {"file": apps[0].file}, d.root["app"].mark) for d in apps[1:]]


def _linked(
    app: Document,
    documents: Sequence[Document],
    unsound: Sequence[tuple[Document, Sequence[Problem]]],
    sources: Mapping[str, str],
    vocabulary: Vocabulary,
    around: Mapping[str, Form],
    tolerant: bool,
) -> Compiled:
    report = Report()
    kinds: dict[str, list[Document]] = {}
    for document in documents:
        kinds.setdefault(document.kind, []).append(document)
    links = link(documents, app, vocabulary, around, report)
    if report.linking:
        return _stopped(report.linking)
    shapes = build_shapes(links, report)
    labels = Labels(kinds.get("texts", ()))
    site = Site(links, shapes.by_key, vocabulary, compose(vocabulary), labels, report, shapes.unknown, papers=papers_in(sources))
    made = _built(app, kinds, unsound, sources, site, tolerant)
    if report.linking:
        return _stopped(report.linking)
    made = check_rules(made, site, tolerant=tolerant)
    if report.checking:
        return _stopped(report.checking)
    facts = lint(made, site)
    wrong = _sorted(report.linting)
    return Compiled(made if all(p.warning for p in wrong) else None, wrong, facts)


def _built(
    app: Document,
    kinds: Mapping[str, Sequence[Document]],
    unsound: Sequence[tuple[Document, Sequence[Problem]]],
    sources: Mapping[str, str],
    site: Site,
    tolerant: bool,
) -> App:
    forms = build_forms(site)
    site = replace(site, forms={**site.links.others, **forms})
    workflows = build_workflows(site)
    automations = _automations(kinds.get("automation", ()), unsound, site, tolerant)
    roles, edit_needs = build_roles(kinds.get("role", ()), site)
    data = build_data(kinds.get("data", ()), sources, site)
    return App(
        id=app.id,
        name=site.labels.label(app.root["name"], "app"),
        version=str(app.content["version"]),
        language=str(app.content.get("language", "zh")),
        icon=str(app.content.get("icon", "")),
        currency=str(app.content.get("currency", "CNY")),
        questions=build_questions(app, site),
        forms={form.id: form for form in forms.values()},
        workflows=workflows,
        automations=automations,
        views=build_views(kinds.get("view", ()), site),
        roles=roles,
        edit_needs=edit_needs,
        homes=build_homes(app, site),
        data=data,
        scenarios=build_scenarios(kinds.get("scenario", ()), data, site),
        needs=dict(app.content.get("needs") or {}),
        menu=tuple(app.content.get("menu") or ()),
        digest=hashlib.sha256("\0".join(f"{name}\0{sources[name]}" for name in sorted(sources)).encode()).hexdigest(),
        sources=dict(sources),
    )


def _automations(
    documents: Sequence[Document], unsound: Sequence[tuple[Document, Sequence[Problem]]], site: Site, tolerant: bool
) -> dict[str, Automation]:
    out: dict[str, Automation] = {}
    for document in documents:
        own = Report()
        made = build_automation(document, replace(site, report=own))
        wrong = own.linking or own.checking
        if wrong and tolerant:
            made = broken_automation(document, site.links.app, _sorted(wrong))
        else:
            site.report.add(own)
        out[document.id] = made
    for document, problems in unsound:
        out[document.id] = broken_automation(document, site.links.app, _sorted(problems))
    return out


def _stopped(problems: Sequence[Problem]) -> Compiled:
    return Compiled(None, _sorted(problems))


def _sorted(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """In the order of reading, each once."""
    unique = {(p.mark, p.code, p.suggestion): p for p in reversed(problems)}
    return tuple(sorted(unique.values(), key=lambda p: (p.mark, p.code)))
