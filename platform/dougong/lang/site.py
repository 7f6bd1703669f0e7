"""Where something stands while it is compiled: which form's record is at hand, which names, what may be asked there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from dougong.expr.compile import compile_expr, compile_template
from dougong.expr.scope import Member, Scope, Shape
from dougong.expr.tree import Expr, Node, Template
from dougong.expr.types import YES_NO, Type
from dougong.lang.labels import Labels
from dougong.lang.link import Links
from dougong.lang.report import Report
from dougong.lang.schema import Schemas
from dougong.lang.source import Place
from dougong.lang.synonyms import PEOPLE
from dougong.lang.vocabulary import Vocabulary
from dougong.problems import Mark, Problem, suggest
from dougong.spec.form import Form


@dataclass(frozen=True)
class Site:
    """`form` is the key of the form whose record is at hand, '' where there is none. `forms` are the built forms, for values."""

    links: Links
    shapes: Mapping[str, Shape]
    vocabulary: Vocabulary
    schemas: Schemas
    labels: Labels
    report: Report
    unknown: frozenset[tuple[str, str]] = frozenset()
    forms: Mapping[str, Form] = field(default_factory=dict)
    form: str = ""
    names: Mapping[str, Type] = field(default_factory=dict)
    old: bool = False
    me: bool = True
    headers: bool = False  # a webhook's headers: secrets that say so may stand here
    papers: Mapping[str, str] = field(default_factory=dict)  # documents/*.html by id
    path: tuple[str, ...] = ()  # where in `texts` the words of what is compiled stand

    def on(self, form: str) -> Site:
        """The same place, standing on a record of another form."""
        return replace(self, form=form, old=False)

    @property
    def scope(self) -> Scope:
        return Scope(self.links.app, self.shapes, self.shapes.get(self.form), self.names, self.links.settings, self.old, self.me)

    def formula(self, place: Place, want: Type | None = None) -> Expr | None:
        """The formula at `place`; None where there is none, or after reporting what is wrong with it."""
        if place.value is None:
            return None
        words = str(place.value).lower() if isinstance(place.value, bool) else str(place.value)
        return self.expression(words, place.mark, place, want)

    def expression(self, words: str, mark: Mark, place: Place, want: Type | None = None) -> Expr | None:
        """A formula that is part of the text at `place`."""
        expr, problems = compile_expr(words, mark, self.scope, want)
        self.report.take(_own(self.unknown, place, problems))
        return _open(self, expr)

    def written(self, words: str, mark: Mark, want: Type | None = None) -> Expr | None:
        """A formula of a file that isn't YAML."""
        expr, problems = compile_expr(words, mark, self.scope, want)
        self.report.take(problems)
        return _open(self, expr)

    def condition(self, place: Place) -> Expr | None:
        return self.formula(place, YES_NO)

    def template(self, place: Place, *path: str) -> Template | None:
        """The text at `place`; with `path`, under which its translations stand, it is one that people read."""
        if place.value is None:
            return None
        template, problems = compile_template(str(place.value), place.mark, self.scope)
        self.report.take(_own(self.unknown, place, problems))
        for part in template.parts if template else ():
            _open(self, part if isinstance(part, Expr) else None)
        if template is None or not path:
            return template
        worded = any(isinstance(p, str) and any(map(str.isalpha, p)) for p in template.parts)
        others = {}
        for language, (words, mark) in self.labels.translations(path, place.mark, worded=worded).items():
            others[language], problems = compile_template(words, mark, self.scope)
            self.report.take(problems)
            other = others[language]
            for part in other.parts if other else ():
                _open(self, part if isinstance(part, Expr) else None)
        return replace(template, others={language: other for language, other in others.items() if other})

    def under(self, *path: str) -> Site:
        """The same place, with its words further down in `texts`."""
        return replace(self, path=(*self.path, *path))

    def member(self, place: Place, form: str = "", word: str = "") -> Member | None:
        """The field of the form at hand that `place` names; None after reporting that there is none."""
        shape = self.shapes.get(form or self.form)
        word = word or str(place.value)
        if shape is None:
            if not self.report.linking:
                self.report.link("no-form-here", place.mark, word=word)
            return None
        found = shape.members.get(word)
        if found is None:
            right = suggest(word, shape.members, {member.name: id for id, member in shape.members.items()})
            called = shape.members[right].name if right and shape.members[right].name != word else ""
            self.report.link("unknown-field", place.mark, right, form=shape.name, word=word, called=called)
        return found

    def field(self, place: Place, form: str = "") -> str:
        """The id at `place`, if the form at hand has such a field; '' otherwise."""
        return str(place.value) if self.member(place, form) else ""

    def fields(self, place: Place) -> tuple[str, ...]:
        return tuple(id for item in place.each() if (id := self.field(item)))

    def role(self, place: Place, word: str = "") -> str:
        """The role's id at `place`, '' after reporting that there is none."""
        word = word or str(place.value)
        if word in self.links.roles:
            return word
        names = {str(p.get("name", "")): id for id, p in self.links.roles.items()}
        self.report.link("unknown-role", place.mark, suggest(word, self.links.roles, names), word=word)
        return ""

    def stage(self, place: Place, workflow: str = "") -> str:
        """The stage's id at `place`, of `workflow` or of the workflow of the form at hand."""
        found = self.links.workflows.get(workflow) if workflow else self.links.workflow_of(self.form)
        word = str(place.value)
        if workflow and found is None:
            return ""  # the workflow's own place says so
        if found is None:
            self.report.link("no-workflow-here", place.mark, word=word)
        elif word in found.stages:
            return word
        else:
            names = {str(s.get("name", "")): str(s.get("id", "")) for s in found.place["stages"].each()}
            self.report.link("unknown-stage", place.mark, suggest(word, found.stages, names), word=word, workflow=found.id)
        return ""

    def people(self, place: Place) -> tuple[str, ...]:
        """People paths, checked: `owner.manager`, `role.x`, `team.x`, `user.x`, `link.owner`."""
        return tuple(str(item.value) for item in place.each() if self._person(item))

    def _person(self, place: Place) -> bool:
        head, *rest = str(place.value).split(".")
        if head in ("user", "team") and len(rest) == 1 and rest[0]:
            return True
        if head == "role" and len(rest) == 1:
            return bool(self.role(place, rest[0]))
        form = self.form
        type_: Type | None = None
        for step in (head, *rest):
            if type_ is not None and type_.kind != "record":
                self.report.link("not-people", place.mark, word=str(place.value))
                return False
            if step == "me" and type_ is None:
                type_ = Type("record", form="user")
            elif type_ is None and step in PEOPLE and step not in (self.shapes[form].members if form in self.shapes else ()):
                self.report.link("not-people", place.mark, PEOPLE[step], word=str(place.value))
                return False
            elif member := self.member(place, form, step):
                type_ = member.type
            else:
                return False
            form = type_.form
        person = type_.of if type_ and type_.kind == "list" else type_
        if person is None or person.form not in ("user", "team"):
            self.report.link("not-people", place.mark, word=str(place.value))
            return False
        return True


def _open(site: Site, expr: Expr | None) -> Expr | None:
    """A secret can only be asked whether it is empty; what declares it may go into a webhook's headers."""
    for node in _secrets(expr.root) if expr else ():
        if not (site.headers and node.type.unit == "headers" and expr and expr.root is node):
            site.report.check("secret-not-read", node.mark, field=str(node.value))
    return expr


def _secrets(node: Node) -> Iterator[Node]:
    """Where a formula reads a secret other than to ask whether it is empty."""
    if node.type.kind == "secret":
        yield node
        return
    for arg in node.args:
        yield from _secrets(arg.args[0]) if node.op == "empty" and arg.type.kind == "secret" and arg.args else _secrets(arg)


def _own(unknown: frozenset[tuple[str, str]], place: Place, problems: tuple[Problem, ...]) -> list[Problem]:
    """Without the echo of a formula elsewhere that is wrong, and reported there."""
    broken = {id for _, id in unknown}
    words, start = str(place.value), place.mark.column

    def said(problem: Problem) -> str:
        at = max(0, problem.mark.column - start)
        return words[at : at + problem.mark.length]

    return [p for p in problems if not broken & set(re.split(r"\W+", said(p)))]
