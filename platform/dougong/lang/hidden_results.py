"""Which computed results a role doesn't see, because it may not read what they are made from (SEMANTICS 11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dougong.lang.rules import formulas
from dougong.spec.app import Grant, Role
from dougong.spec.form import Field, Form

Grants = Mapping[str, Grant]
Forms = Mapping[str, Form]
Seen = frozenset[tuple[str, str]]
"""(form, field) of the computed fields that are being looked through."""
OPEN_TO_COLLEAGUES = frozenset({"user", "team"})
SEES_NOTHING = Grant("", frozenset())


@dataclass(frozen=True)
class HiddenResult:
    """`field` of `form` is made from `input` (of the form `owner`), which the role may not read; None where it may not see the
    whole form. `revealed` says that the field shows its result all the same."""

    form: Form
    field: Field
    owner: Form
    input: Field | None
    revealed: bool


def hidden_results(role: Role, forms: Forms) -> Iterator[HiddenResult]:
    """Each computed field once, with the first input that is closed to the role."""
    for form in forms.values():
        grant = grant_on(role.can, form, forms)
        if "see" not in grant.may:
            continue
        for field in form.fields.values():
            if field.computed and field.id not in grant.hide and (closed := _closed(role.can, form, field, forms, frozenset())):
                yield HiddenResult(form, field, *closed, revealed=field.reveal)


def grant_on(can: Grants, form: Form, forms: Forms) -> Grant:
    """Lines go with their parent's grant; what they cover of themselves stands under their own key."""
    if form.lines_of is None:
        return can.get(form.key, SEES_NOTHING)
    parent, field = form.lines_of
    above = grant_on(can, forms[parent], forms)
    own = can.get(form.key, SEES_NOTHING)
    return SEES_NOTHING if field in above.hide | above.mask else Grant(form.key, above.may, hide=own.hide, mask=own.mask)


def _closed(can: Grants, form: Form, field: Field, forms: Forms, seen: Seen) -> tuple[Form, Field | None] | None:
    """The first thing that the field is made from and the role may not read."""
    here = seen | {(form.key, field.id)}
    paths = sorted({path for formula in formulas(field) for path in formula.reads})
    return next((found for path in paths if (found := _on_path(can, form, path, forms, here))), None)


def _on_path(can: Grants, form: Form, path: tuple[str, ...], forms: Forms, seen: Seen) -> tuple[Form, Field | None] | None:
    at = form
    for part in path:
        field = at.fields.get(part)
        if field is None:
            return None
        grant = grant_on(can, at, forms)
        if at.key not in OPEN_TO_COLLEAGUES and (at.key, part) not in seen:
            if part in grant.hide | grant.mask:
                return at, field
            if field.computed and not field.reveal and (found := _closed(can, at, field, forms, seen)):
                return found
        if field.target not in forms:
            return None
        at = forms[field.target]
        if at.key not in OPEN_TO_COLLEAGUES and "see" not in grant_on(can, at, forms).may:
            return at, None
    return None
