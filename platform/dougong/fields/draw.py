"""Drawing controls: each type's template fields/<widget>.html with one macro, `control(field, value, name, attrs)`.

What `value` is, by widget (None where empty): `link` {uid, title}; `links` a list of them; `file`, `image`, `recording` and `signature`
{uid, name, url, thumb} or a list of them (url and thumb '' where the reader may not open it); `lines` a list of {column id: value};
`read_only` the text to show; all others what `FieldType.entry` gives, or, after a refused entry, what was typed.
A control posts under `name`; a chosen file that no island has uploaded under `<name>-file`; a line's cell under `<name>-<row>-<column>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dougong.fields import regions
from dougong.fields.base import Locale, field_types
from dougong.fields.show import currency_sign, say
from dougong.spec.form import Field

pages = Environment(
    loader=PackageLoader("dougong", "fields"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


def draw(
    field: Field,
    value: Any,
    name: str,
    locale: Locale,
    attrs: Mapping[str, Any] | None = None,
    columns: Sequence[Field] = (),
    form: str = "",
) -> Markup:
    """The control as safe HTML. `attrs` go on the input, or on the group of a control that has several; `columns` are a line's fields;
    `form` is the key of the field's own form, by which a picker asks for what its `filter` offers."""

    def cell(column: Field, content: Any, row: str) -> Markup:
        cell_name = f"{name}-{row}-{column.id}"
        return draw(column, content, cell_name, locale, {"aria-label": column.name.in_(locale.code)}, form=field.target)

    kind = field_types[field.type]
    own: dict[str, Any] = {"id": name, "required": "required" if field.required else None}
    own["placeholder"] = field.placeholder.in_(locale.code) or None
    words = {
        "kind": kind,
        "locale": locale.code,
        "say": lambda code, **args: say(code, locale.code, **args),
        "label": field.name.in_(locale.code),
        "sign": currency_sign(locale.currency),
        "regions": regions,
        "columns": columns,
        "cell": cell,
        "form": form,
    }
    widget = "read_only" if field.formula is not None else kind.widget  # a line's own formula is worked out beside it
    module = pages.get_template(widget + ".html").make_module(words)
    return Markup(module.control(field, value, name, {**own, **(attrs or {})}))  # type: ignore[attr-defined]
