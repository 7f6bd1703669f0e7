"""Who explains, in which language, with the names of everything at hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dougong.expr.tree import Node
from dougong.expr.types import Calendar, Span, Type
from dougong.fields.show import show, span_text
from dougong.lang.vocabulary import Vocabulary
from dougong.problems import Problem, codes, language
from dougong.spec.app import App
from dougong.spec.form import Field, Form

_LOOSE = re.compile(r"(?<=[\u4e00-\u9fff，。：；、“”（）〔〕]) (?=[\u4e00-\u9fff“”（）〔〕])")
_ARTICLE = re.compile(r"\b([aA]) (?=[AEIOU])")


@dataclass(frozen=True)
class Speaker:
    """`forms` are all forms by key, those of other apps and of the system too. `me` is the code of the words for `me`."""

    app: App
    forms: Mapping[str, Form]
    vocabulary: Vocabulary
    locale: str = "zh"
    me: str = "words-me"

    @property
    def chinese(self) -> bool:
        return language(self.locale) == "zh"

    def say(self, code: str, **args: Any) -> str:
        return Problem(code, args).sentence(self.locale)

    def knows(self, code: str) -> bool:
        return code in codes()

    def form(self, key: str) -> str:
        found = self.forms.get(key)
        return found.name.in_(self.locale) if found else key

    def field(self, form: str, id: str) -> str:
        found = self.field_of(form, id)
        return found.name.in_(self.locale) if found else id

    def fields(self, form: str, ids: Iterable[str]) -> str:
        return self.listed(self.field(form, id) for id in ids)

    def field_of(self, form: str, id: str) -> Field | None:
        return self.forms[form].fields.get(id) if form in self.forms else None

    def option(self, field: Field | None, id: Any) -> str:
        """An option's name in quotes."""
        found = field.choices.get(str(id)) if field else None
        return self.quoted(found.name.in_(self.locale) if found else str(id))

    def tidy(self, words: str) -> str:
        """Without the spaces that belong beside figures where there are none; in English `an` where it is due."""
        return _LOOSE.sub("", words) if self.chinese else _ARTICLE.sub(r"\1n ", words)

    def quoted(self, words: str) -> str:
        return f"“{words}”"

    def listed(self, words: Iterable[str], last: str = "") -> str:
        """a、b、c; with `last`, the code of what stands before the last one."""
        items = [w for w in words if w]
        if last and len(items) > 1:
            return self.say(last, a=self.listed(items[:-1]), b=items[-1])
        return ("、" if self.chinese else ", ").join(items)

    def plain(self, value: Any, type_: Type) -> str:
        """A value as it is shown, text in quotes."""
        if value is None or value == ():
            return self.say("words-nothing")
        shown = show(value, type_, self.locale, Calendar(), self.app.currency)
        if isinstance(value, str) and type_.kind in ("text", "choice", "json"):
            return self.quoted(value)
        return shown.rstrip("0").rstrip(".") if isinstance(value, Decimal) and "." in shown and shown[-1].isdigit() else shown

    def span(self, span: Span) -> str:
        return span_text(span, self.locale)

    def as_me(self, code: str) -> Speaker:
        return replace(self, me=code)


def choice_of(s: Speaker, node: Node) -> Field | None:
    """The choice field whose options a node's value is one of."""
    if node.op in ("get", "live"):
        return s.field_of(node.args[0].type.form, node.value)
    if node.op == "map":
        return choice_of(s, node.args[1])
    found = (choice_of(s, arg) for arg in (node.args[1:] if node.op == "if" else node.args) if node.op in ("if", "label", "call"))
    return next((f for f in found if f and f.choices), None)
