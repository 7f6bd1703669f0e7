"""Finding text by any part of it, Chinese in two characters, and by pinyin initials (ARCHITECTURE 11, PRACTICE 5).

Beside a form's table stands `search$<table>`: per search field its normalised text, and below it its initials. Grams of all
of them lie in an FTS5 table `words$<table>` on SQLite and in the indexed array `grams` on PostgreSQL. Both only propose rows:
the text itself decides, so that a result never depends on the index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import Column, ColumnElement, Connection, FromClause, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from dougong import pinyin
from dougong.spec.form import Form
from dougong.sqltypes import Id, Json
from dougong.store import names
from dougong.store.rows import insert_columns

T = TypeVar("T")
LONGEST = 2_000
"""Characters of a field that can be found."""
LONGEST_READ = 60
"""Characters of a text that is found by its initials, too."""
LONGEST_ASKED = 200
GRAMS = "grams$"
_PIECE = re.compile(r"[0-9a-z]+|[^\x00-\x7f\s]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_SURNAMES = {
    "单": "s", "仇": "q", "尉": "y", "解": "x", "曾": "z", "朴": "p", "查": "z", "区": "o", "翟": "z", "盖": "g", "乐": "y",
    "缪": "m", "覃": "q", "冼": "x", "臧": "z", "种": "c", "秘": "b", "纪": "j", "任": "r", "华": "h",
}  # fmt: skip
"""Characters that a dictionary of words reads differently than people of that name do."""


@dataclass(frozen=True)
class Found:
    """What to select from instead of the table, under which condition, and the id to order by, descending, for the newest first."""

    source: FromClause
    condition: ColumnElement[bool]
    newest: ColumnElement[int]


@dataclass(frozen=True)
class SearchIndex:
    """`fields` maps the searched fields' ids to their columns, in the form's table and in `table` alike."""

    fields: Mapping[str, str]
    table: Table
    words: str


def search_index(table: Table) -> SearchIndex | None:
    return cast(SearchIndex | None, table.info.get("search"))


def add_table(form: Form, table: Table, metadata: sa.MetaData) -> None:
    """Gives the form's table its search index, where the form has search fields of one text column."""
    fields = {f.id: f.key for f in form.fields.values() if f.search and f.key in table.c and f.value.kind == "text"}
    if not fields:
        return
    texts = [Column(key, Text) for key in fields.values()]
    grams: Column[Any] = Column(GRAMS, ARRAY(Text).with_variant(Json, "sqlite"))
    key = Column("id", Id, sa.ForeignKey(table.c.id, ondelete="CASCADE"), primary_key=True, autoincrement=False)
    beside = Table(names.search_table(table.name), metadata, key, *texts, grams)
    sa.Index(names.short(f"ix_{beside.name}"), grams, postgresql_using="gin").ddl_if(dialect="postgresql")
    table.info["search"] = SearchIndex(fields, beside, names.words_table(table.name))


def create(connection: Connection, table: Table) -> None:
    """The empty index of a form's table; `rebuild` fills it."""
    if index := search_index(table):
        index.table.create(connection)
        if connection.dialect.name == "sqlite":
            options = "content='', columnsize=0, detail=none, tokenize='ascii'"  # 'ascii': every other character belongs to words
            connection.exec_driver_sql(f"CREATE VIRTUAL TABLE {_quoted(connection, index.words)} USING fts5(s, {options})")


def drop(connection: Connection, table: str) -> None:
    """The index of that table is gone, if there was one; it can be made again from the rows."""
    for name in (names.search_table(table), names.words_table(table)):
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_quoted(connection, name)}")


def rebuild(connection: Connection, table: Table, after: int = 0, limit: int = 10_000, last: int | None = None) -> int | None:
    """Indexes the next `limit` live rows behind the id `after`, up to the id `last`; the last one's id, None when there are none left.

    The rows stay locked meanwhile, so that nobody changes one between our look and our write.
    """
    index = search_index(table)
    if index is None:
        return None
    columns = [table.c.id, *(table.c[key].label(id) for id, key in index.fields.items())]
    query = sa.select(*columns).where(table.c.id > after, table.c.deleted_at.is_(None)).order_by(table.c.id).limit(limit)
    query = query.with_for_update(key_share=True, of=table)
    if last is not None:
        query = query.where(table.c.id <= last)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    index_rows(connection, table, rows)
    return rows[-1]["id"] if len(rows) == limit else None


def index_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, new: bool = False) -> None:
    """Makes these live records findable by what they hold now. A row has 'id' and values by field id; called on every save.

    `new`: they have only just been written, so that nothing stands in the index yet.
    """
    index = search_index(table)
    if index is None or not rows:
        return
    wanted = {row["id"]: {key: content(row.get(id)) for id, key in index.fields.items()} for row in rows}
    had = {} if new else _indexed(connection, index, wanted)
    changed = {id: texts for id, texts in wanted.items() if had.get(id) != texts}
    _remove(connection, index, {id: had[id] for id in changed if id in had})
    entries = [{"id": id, **texts, GRAMS: _grams(texts)} for id, texts in changed.items() if any(texts.values())]
    if not entries:
        return
    names = [name for name in entries[0] if name != GRAMS or connection.dialect.name != "sqlite"]
    insert_columns(connection, index.table, {name: [entry[name] for entry in entries] for name in names})
    if connection.dialect.name == "sqlite":
        statement = f"INSERT INTO {_quoted(connection, index.words)}(rowid, s) VALUES (?, ?)"
        connection.exec_driver_sql(statement, [(entry["id"], " ".join(entry[GRAMS])) for entry in entries])


def remove_rows(connection: Connection, table: Table, ids: Collection[int]) -> None:
    """Deleted records are found no more."""
    if index := search_index(table):
        _remove(connection, index, _indexed(connection, index, ids))


def matches(table: Table, text: str, dialect: str, fields: Collection[str] | None = None) -> ColumnElement[bool]:
    """Whether the row of `table` holds every word of `text` in one of its search fields, or in their pinyin initials.

    `fields` are the ids that the reader may search in; the others neither find nor show anything. Blank text matches all.
    A table without an index is looked through by the columns of `fields`, which are its keys then.
    """
    words = normal(text[:LONGEST_ASKED]).split()
    index = search_index(table)
    if not words or index is None:
        return _holds([sa.func.lower(table.c[key]) for key in fields or ()], words)
    found = sa.select(index.table.c.id).where(_holds(_readable(index, fields), words))
    grams = _asked(words)
    if grams and dialect == "sqlite":
        proposed = _proposed(index)
        found = found.join(proposed, proposed.c.rowid == index.table.c.id).where(_match(index, grams))
    elif grams:
        found = found.where(index.table.c[GRAMS].op("@>", is_comparison=True)(sa.cast(grams, ARRAY(Text))))
    return table.c.id.in_(found)


def narrow(table: Table, text: str, dialect: str, fields: Collection[str] | None = None) -> Found:
    """`matches` for a list or picker that shows the newest first: on SQLite it goes along the index from the newest on and stops
    when it has enough, which a condition can't make it do (0.1 ms instead of 35 where a fifth of 200 000 rows match)."""
    index, words = search_index(table), normal(text[:LONGEST_ASKED]).split()
    grams = _asked(words)
    if index is None or not grams or dialect != "sqlite":
        return Found(table, matches(table, text, dialect, fields), table.c.id)
    proposed = _proposed(index)
    source = proposed.join(index.table, index.table.c.id == proposed.c.rowid).join(table, table.c.id == proposed.c.rowid)
    return Found(source, sa.and_(_match(index, grams), _holds(_readable(index, fields), words)), proposed.c.rowid)


def normal(text: str) -> str:
    """Full-width and ordinary, capital and small letters alike."""
    return unicodedata.normalize("NFKC", text).casefold()


def content(value: Any) -> str | None:
    """What is looked through for this value: its normal text, then the initials."""
    if not value:
        return None
    written = normal(str(value)[:LONGEST])
    return "\n".join([" ".join(written.split()), *initials(written)])


def initials(text: str) -> list[str]:
    """'宁波骨科医院' → ['nbgkyy']; a person's name may have two readings."""
    if len(text) > LONGEST_READ or not _HAN.search(text):
        return []
    letters = "".join(c for c in pinyin.initials(text) if c.isalnum())
    if len(text) <= 4 and text[0] in _SURNAMES and _HAN.fullmatch(text):
        return list(dict.fromkeys([letters, _SURNAMES[text[0]] + letters[1:]]))
    return [letters]


def tokens(text: str) -> set[str]:
    """What a normal text is indexed under: every one, two, and of ASCII letters and digits three characters in a row."""
    return {gram for piece in _PIECE.findall(text) for size in _sizes(piece) for gram in _windows(piece, size)}


def asked(word: str) -> set[str]:
    """The fewest, longest tokens that a text with `word` in it must have."""
    return {gram for piece in _PIECE.findall(word) for gram in _windows(piece, min(len(piece), _sizes(piece)[-1]))}


def _asked(words: Sequence[str]) -> list[str]:
    return sorted({gram for word in words for gram in asked(word)})


def _readable(index: SearchIndex, fields: Collection[str] | None) -> list[ColumnElement[Any]]:
    return [index.table.c[key] for id, key in index.fields.items() if fields is None or id in fields]


def _proposed(index: SearchIndex) -> sa.TableClause:
    return sa.table(index.words, sa.column("rowid", Id))


def _match(index: SearchIndex, grams: Sequence[str]) -> ColumnElement[bool]:
    """Each gram in quotes: what a person typed is never FTS5's own language."""
    question = " ".join(f'"{gram}"' for gram in grams)
    return sa.literal_column(f'"{index.words}"').op("MATCH", is_comparison=True)(question)


def _sizes(piece: str) -> tuple[int, ...]:
    return (1, 2, 3) if piece.isascii() else (1, 2)


def _windows(piece: str, size: int) -> Iterator[str]:
    return (piece[i : i + size] for i in range(len(piece) - size + 1))


def _grams(texts: Mapping[str, str | None]) -> list[str]:
    return sorted({token for text in texts.values() if text for token in tokens(text)})


def _holds(columns: Sequence[ColumnElement[Any]], words: Sequence[str]) -> ColumnElement[bool]:
    """Contains each word, as it is written ('%' is a character); no word is always contained."""
    return sa.and_(sa.true(), *(sa.or_(sa.false(), *(c.contains(word, autoescape=True) for c in columns)) for word in words))


def _indexed(connection: Connection, index: SearchIndex, ids: Collection[int]) -> dict[int, dict[str, str | None]]:
    keys = list(index.fields.values())
    out: dict[int, dict[str, str | None]] = {}
    for chunk in batched(list(ids)):
        query = sa.select(index.table.c.id, *(index.table.c[key] for key in keys)).where(index.table.c.id.in_(chunk))
        out |= {row[0]: dict(zip(keys, row[1:], strict=True)) for row in connection.execute(query)}
    return out


def _remove(connection: Connection, index: SearchIndex, had: Mapping[int, Mapping[str, str | None]]) -> None:
    """FTS5 without content forgets a row only when it is told the very words that it was given."""
    if had and connection.dialect.name == "sqlite":
        words = _quoted(connection, index.words)
        forget = [(id, " ".join(_grams(texts))) for id, texts in had.items()]
        connection.exec_driver_sql(f"INSERT INTO {words}({words}, rowid, s) VALUES ('delete', ?, ?)", forget)
    for chunk in batched(list(had)):
        connection.execute(sa.delete(index.table).where(index.table.c.id.in_(chunk)))


def batched(ids: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    return (ids[i : i + size] for i in range(0, len(ids), size))


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)
