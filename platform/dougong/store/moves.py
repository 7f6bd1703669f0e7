"""What becomes of each value when a field gets another type: decided here, for the plan and for its execution alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from dougong.fields.base import ORDER, Locale
from dougong.spec.form import Field
from dougong.store.convert import Converter, Types, values
from dougong.store.tables import stored_columns

SAMPLES = 10


@dataclass(frozen=True)
class Retype:
    """`column` and `back_column` are the physical keys under which the old values and those set aside earlier are found now."""

    table: str
    old: Field
    new: Field
    column: str
    types: Types
    locale: Locale
    back_column: str = ""


@dataclass(frozen=True)
class Move:
    """`fate`: same (the columns' content stays), said (converted), altered (converted in part), lost (can't be said),
    back (the value that stood aside), edited (would have come back, but somebody changed it since: converted or lost)."""

    id: int
    fate: Literal["same", "said", "altered", "lost", "back", "edited"]
    value: Any
    was: Any


@dataclass(frozen=True)
class Outcome:
    """How many values there are and what becomes of them; samples are values as people see them, or rows' ids."""

    total: int = 0
    same: int = 0
    altered: int = 0
    lost: int = 0
    back: int = 0
    edited: int = 0
    lost_samples: tuple[str, ...] = ()
    altered_samples: tuple[str, ...] = ()
    edited_rows: tuple[int, ...] = ()


def moves(connection: Connection, retype: Retype, after: int = 0, last: int | None = None) -> Iterator[Move]:
    """One per row that holds an old value or one set aside, of those behind the id `after` up to the id `last`."""
    old, new = retype.old, retype.new
    there, here = Converter(old, new, retype.types, retype.locale), Converter(new, old, retype.types, retype.locale)
    fields = {"old": (old, retype.column)} | ({"back": (new, retype.back_column)} if retype.back_column else {})
    old_type, new_type = retype.types[old.type], retype.types[new.type]
    for id, row in values(connection, retype.table, fields, retype.types, after=after, last=last):
        was, back = row["old"], row.get("back")
        if back is not None and not new_type.is_empty(back):
            expected = here(back).value
            if old.computed or expected == was or (expected is None and old_type.is_empty(was)):
                yield Move(id, "back", back, was)
            else:
                yield Move(id, "edited", None if old_type.is_empty(was) else there(was).value, was)
        elif not old_type.is_empty(was):
            said = there(was)
            if said.value is None:
                yield Move(id, "lost", None, was)
            elif _content(new, said.value, retype.types) == _content(old, was, retype.types):
                yield Move(id, "same", said.value, was)
            else:
                yield Move(id, "said" if said.exact else "altered", said.value, was)


def _content(field: Field, value: Any, types: Types) -> list[Any]:
    """What stands in the field's columns, without what follows from it."""
    cells = zip(stored_columns(field, types), types[field.type].to_columns(field, value), strict=True)
    return [cell for column, cell in cells if column.suffix != ORDER]


def outcome(found: Iterable[Move], retype: Retype) -> Outcome:
    counts = dict.fromkeys(("same", "said", "altered", "lost", "back", "edited"), 0)
    samples: dict[str, list[Move]] = {fate: [] for fate in counts}
    gone = 0
    for move in found:
        counts[move.fate] += 1
        gone += move.fate == "edited" and move.value is None and not retype.types[retype.old.type].is_empty(move.was)
        if len(samples[move.fate]) < SAMPLES:
            samples[move.fate].append(move)

    def shown(fate: str) -> tuple[str, ...]:
        return tuple(retype.types[retype.old.type].display(retype.old, m.was, retype.locale) for m in samples[fate])

    return Outcome(
        total=sum(counts.values()), same=counts["same"], altered=counts["altered"], lost=counts["lost"] + gone, back=counts["back"],
        edited=counts["edited"], lost_samples=shown("lost"), altered_samples=shown("altered"),
        edited_rows=tuple(m.id for m in samples["edited"]),
    )  # fmt: skip
