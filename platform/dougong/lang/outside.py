"""`public:` and `ask_later:` of a form: what people outside may fill in, and what is asked for after the event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from dougong.expr.units import duration
from dougong.lang.options import content_id
from dougong.lang.site import Site
from dougong.lang.source import Place
from dougong.spec.form import AskLater, Field, Public
from dougong.spec.system import SYSTEM_FIELDS

MACHINE_FIELDS = frozenset(f.id for f in SYSTEM_FIELDS)


def build_public(place: Place, path: tuple[str, ...], fields: Mapping[str, Field], site: Site) -> Public | None:
    """None where the form is for people inside alone."""
    if place.value is None:
        return None
    named = tuple(dict.fromkeys(site.fields(place["fields"])))
    for item in place["fields"].each():
        if field := fields.get(str(item.value)):
            _check_entered(field, item, site)
    left_out = [str(f.name) for f in fields.values() if f.id not in named and _must_be_entered(f)]
    if left_out:
        site.report.check("public-required-missing", place["fields"].key_mark, words="、".join(left_out))
    return Public(
        title=site.labels.label(place["title"], *path, "title"),
        fields=named,
        thanks=site.labels.label(place["thanks"], *path, "thanks"),
        open_until=_day(place["open_until"], site),
        at_most_per_day=int(place.get("at_most_per_day", 0)),
        embed=tuple(str(origin) for origin in place.get("embed", ())),
    )


def _check_entered(field: Field, place: Place, site: Site) -> None:
    """People outside type, choose among options and send files; they are never shown records or names."""
    type_ = site.vocabulary.field_types[field.type]
    inner = field.value.of or field.value
    if "record" in (field.value.kind, inner.kind) or "records" in (field.value.kind, inner.kind):
        site.report.check("public-picks-records", place.mark, field=str(field.name))
    elif field.id in MACHINE_FIELDS or field.computed or type_.read_only or type_.virtual or field.value_template is not None:
        site.report.check("public-not-entered", place.mark, field=str(field.name))


def _must_be_entered(field: Field) -> bool:
    filled = field.default is not None or field.computed or field.value_template is not None or field.id in MACHINE_FIELDS
    return field.required and not filled and field.value.kind != "yes_no"


def _day(place: Place, site: Site) -> date | None:
    if place.value is None:
        return None
    try:
        return date.fromisoformat(str(place.value))
    except ValueError:
        site.report.check("public-no-such-day", place.mark, word=str(place.value))
    return None


def build_ask_later(place: Place, path: tuple[str, ...], fields: Mapping[str, Field], site: Site) -> tuple[AskLater, ...]:
    out, taken = list[AskLater](), set[str]()
    for item in place.each():
        id = str(item.get("id", "")) or content_id(item.value, taken)
        if id in taken:
            site.report.link("duplicate-item-id", item["id"].mark, word=id)
        taken.add(id)
        message = site.labels.label(item["message"], *path, id, "message")
        if "before" in item and not message:
            site.report.lint("no-message", item.key_mark, warning=False)
        since, within = site.field(item["since"]), duration(str(item.get("within", "0")))
        _check_later(item, fields, site)
        out.append(AskLater(id, since, within, site.fields(item["fields"]), _before(item["before"], fields, site), message))
    return tuple(out)


def _check_later(place: Place, fields: Mapping[str, Field], site: Site) -> None:
    """The count begins at a stored time; what is asked for can be entered and stands in the record itself."""
    since = fields.get(str(place["since"].value))
    if since and (since.value.kind not in ("date", "datetime") or not since.stored):
        site.report.check("since-not-a-time", place["since"].mark, field=str(since.name))
    for item in place["fields"].each():
        field = fields.get(str(item.value))
        if field is None:
            continue
        type_ = site.vocabulary.field_types[field.type]
        own = not (field.id in MACHINE_FIELDS - {"owner"} or field.computed or type_.read_only or type_.virtual or field.value_template)
        if not own or field.value.kind in ("records", "yes_no"):
            site.report.check("not-asked-for", item.mark, field=str(field.name))


def _before(place: Place, fields: Mapping[str, Field], site: Site) -> str:
    """A yes/no field of the form, or a stage of its workflow."""
    word = str(place.value or "")
    field = fields.get(word)
    if not word or (field and field.value.kind == "yes_no" and not field.computed):
        return word
    if field:
        site.report.check("before-not-yes-no", place.mark, field=str(field.name))
        return ""
    if site.links.workflow_of(site.form):
        return site.stage(place)
    return site.field(place)
