"""The changes of one form's indexes, found by what the database really has."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Index, inspect

from dougong.fields.base import ORDER
from dougong.spec.form import Form
from dougong.store import names, search
from dougong.store.changes.add_field import AddField
from dougong.store.changes.base import Change, field_words
from dougong.store.changes.index import AddIndex, DropIndex, clashes
from dougong.store.changes.remove_field import RemoveField
from dougong.store.changes.restore_field import RestoreField
from dougong.store.changes.retype_field import RetypeField
from dougong.store.changes.search_index import SearchIndex
from dougong.store.physical import Key
from dougong.store.scene import Scene
from dougong.store.tables import all_fields, column_names


def dropped_with(scene: Scene, form: Form, own: Key) -> list[Change]:
    """A table that goes aside leaves its indexes' names to others."""
    return [DropIndex(form, name, quiet=True) for name in _standing(scene, own)]


def index_changes(scene: Scene, form: Form, own: Key, fields: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """(those to drop before columns move, those to add afterwards)"""
    standing, wanted = _standing(scene, own), {str(index.name): index for index in scene.tables[form.key].indexes}
    leaving, coming = _moving(scene, fields)
    drops: list[Change] = []
    for name, columns in standing.items():
        moved = bool(leaving & columns)
        if moved or name not in wanted:
            drops.append(DropIndex(form, name, moved, _names(scene, scene.old_form(own) or form, columns)))
    dropped = {drop.name for drop in drops if isinstance(drop, DropIndex)}
    adds: list[Change] = []
    for name, index in sorted(wanted.items()):
        if name not in standing or name in dropped:
            adds.append(_add(scene, form, own, index, coming))
    return drops, adds


def search_change(scene: Scene, form: Form, own: Key, fields: Sequence[Change]) -> list[Change]:
    database = inspect(scene.connection)
    beside = names.search_table(own.table)
    standing = {c["name"] for c in database.get_columns(beside)} if database.has_table(beside) else set()
    index = search.search_index(scene.tables[form.key])
    wanted = {*index.table.c.keys()} if index else set()
    _, coming = _moving(scene, fields)
    if standing == wanted and not coming & wanted:
        return []
    return [SearchIndex(form, bool(standing), bool(wanted), scene.rows(own))]


def _standing(scene: Scene, own: Key) -> dict[str, set[str]]:
    return {str(i["name"]): {str(c) for c in i["column_names"]} for i in inspect(scene.connection).get_indexes(own.table)}


def _moving(scene: Scene, fields: Sequence[Change]) -> tuple[set[str], set[str]]:
    """(columns that go aside, columns that are new or come back)"""
    leaving: set[str] = set()
    coming: set[str] = set()
    for change in fields:
        match change:
            case RetypeField(relabels=False):
                leaving |= set(change.key_.columns)
                coming |= set(column_names(change.field, scene.types))
            case RemoveField():
                leaving |= set(change.key_.columns)
            case AddField() | RestoreField():
                coming |= set(column_names(change.field, scene.types))
    return leaving, coming


def _add(scene: Scene, form: Form, own: Key, index: Index, coming: set[str]) -> AddIndex:
    quiet = own.state == "aside" or bool(coming & {c.name for c in index.columns})
    count, samples = clashes(scene.connection, index) if index.unique and not quiet else (0, ())
    return AddIndex(form, index, quiet, _names(scene, form, [c.name for c in index.columns]), count, samples)


def _names(scene: Scene, form: Form, columns: Collection[str]) -> dict[str, str]:
    """The fields whose columns these are, as people call them; without the id that every index ends with.

    Nobody, where it only goes beside the index that they asked for: the order of a text that is indexed or unique.
    """
    before = scene.before.forms.get(form.key, form)
    bound = before if form is before or form.key not in scene.after.forms else scene.after.forms[form.key]
    own = set(columns) - {"id"}
    meant = [
        f for f in all_fields(bound).values()
        if own & set(column_names(f, scene.types)) and not (own == {f.key + ORDER} and (f.index or f.unique))
    ]  # fmt: skip
    return {locale: between.join(field_words(bound, f)[locale] for f in meant) for locale, between in (("zh", "、"), ("en", ", "))}
