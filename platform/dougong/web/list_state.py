"""What a list shows, as it stands in its address: view, filters, search, sort, place. Only the columns are the reader's own choice.

`?view=stuck&f.kind.in=demo&f.kind.in=first&f.amount.ge=1000&q=宁波&sort=-amount&after=…`
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from dougong.records.filters import Filter
from dougong.spec.app import Sort, View
from dougong.spec.form import Form

OPERATORS = {
    "is": "==",
    "not": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "has": "contains",
    "in": "in",
    "between": "between",
    "empty": "is empty",
    "filled": "is not empty",
}
MOST_FILTERS = 30
ME = "me"
"""In a filter on people: whoever reads the list, so that the address can be sent to a colleague."""


@dataclass(frozen=True)
class State:
    form: Form
    view: View | None = None
    given: tuple[tuple[str, tuple[str, ...]], ...] = ()  # 'f.kind.in' → its values, as they stand in the address
    search: str = ""
    sort: str = ""
    after: str = ""
    own: str = ""  # the uid of the reader's own view that is marked
    columns: tuple[str, ...] = ()  # what the reader chose to see beside the title; () leaves it to the view

    @property
    def place(self) -> str:
        """The name under which the reader's columns are kept."""
        return f"columns:{self.form.key}:{self.own or (self.view.id if self.view else '')}"

    @property
    def args(self) -> dict[str, Any]:
        """The address again; without the place, which belongs to one page."""
        out: dict[str, Any] = {"view": self.view.id if self.view else ""}
        out |= {name: list(values) for name, values in self.given}
        return out | {"q": self.search, "sort": self.sort, "own": self.own}

    @property
    def filtered(self) -> bool:
        return bool(self.given)

    def values(self, field: str, op: str) -> tuple[str, ...]:
        return next((values for name, values in self.given if name == f"f.{field}.{op}"), ())

    def sorts(self) -> tuple[Sort, ...]:
        if self.sort:
            return (Sort(self.sort.removeprefix("-"), self.sort.startswith("-")),)
        return self.view.sort if self.view else ()

    def without(self, name: str) -> State:
        return replace(self, given=tuple(pair for pair in self.given if pair[0] != name), after="")

    def within(self, able: Collection[str]) -> State:
        """With no other fields than these in its filters and its sort."""
        given = tuple(pair for pair in self.given if pair[0].split(".")[1] in able)
        return replace(self, given=given, sort=self.sort if self.sort.removeprefix("-") in able else "")

    def filters(self, me_uid: str) -> tuple[Filter, ...]:
        return tuple(_filter(self.form, name, values, me_uid) for name, values in self.given)


def read(form: Form, views: Iterable[View], args: MultiDict[str, str]) -> State:
    """Unknown names are left aside; what a filter says is judged when it is asked."""
    view = next((v for v in views if v.id == args.get("view")), None)
    given = []
    for name in dict.fromkeys(args):
        _, _, rest = name.partition("f.")
        field, _, op = rest.rpartition(".")
        values = tuple(v for v in args.getlist(name) if v.strip())
        if name.startswith("f.") and op in OPERATORS and field and values:
            given.append((name, values[:200]))
    words = {name: args.get(name, "").strip() for name in ("q", "sort", "after", "own")}
    return State(form, view, tuple(given[:MOST_FILTERS]), words["q"][:200], words["sort"][:60], words["after"][:2000], words["own"][:36])


def _filter(form: Form, name: str, values: tuple[str, ...], me_uid: str) -> Filter:
    field_id, _, op = name.removeprefix("f.").rpartition(".")
    field = form.fields.get(field_id)
    given = [
        me_uid if v == ME and field and "user" in (field.value.form, field.value.of.form if field.value.of else "") else v for v in values
    ]
    if field and field.value.kind == "datetime":
        given = [_edge(v, op) for v in given]
    several = op in ("in", "between") or len(given) > 1
    return Filter(field_id, OPERATORS[op], given if several else given[0])


def _edge(written: str, op: str) -> str:
    """A day for an instant: from its first minute, to its last."""
    try:
        date.fromisoformat(written)
    except ValueError:
        return written
    return f"{written} 23:59" if op in ("le", "gt") else f"{written} 00:00"
