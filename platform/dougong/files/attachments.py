"""Attachments from the upload to the record they belong to.

First `receive` reads, checks and keeps the bytes, with no transaction open; then `keep` writes the row. It belongs to nobody but
its uploader until `attach` gives it to a record; what is never given to one is swept after a day. A file that a later edit takes
out of the field stays the record's, because its history still shows it; `forget` removes all with the record.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import Connection, delete, insert, select, update
from uuid6 import uuid7

from dougong.files.content import HEAD, PROGRAM, Content, identify
from dougong.files.images import remake
from dougong.files.names import clean_name
from dougong.files.storage import Storage, new_key
from dougong.files.tables import file
from dougong.problems import LOCALES, Problem, Problems
from dougong.store.engine import Store

CHUNK = 1 << 16
LOOSE = timedelta(days=1)
"""How long an upload may wait for its record to be saved."""


@dataclass(frozen=True)
class Limits:
    """What a field takes: see fields/attached.py. `kinds` () is every kind but programs; `largest` counts bytes."""

    kinds: tuple[str, ...] = ()
    largest: int = 20 << 20


@dataclass(frozen=True)
class Received:
    """Bytes that are kept and have no row yet."""

    name: str
    kind: str
    type: str
    size: int
    sha256: str
    key: str
    thumb: str | None = None


@dataclass(frozen=True)
class Attachment:
    """`creator` is a user's id. `form` is '' until a record is saved with it."""

    uid: str
    name: str
    kind: str
    type: str
    size: int
    sha256: str
    key: str
    thumb: str | None
    created_at: datetime
    creator: int | None
    form: str
    record: int | None
    field: str


def receive(storage: Storage, stream: BinaryIO, name: str, limits: Limits, now: datetime, watermark: Sequence[str] = ()) -> Received:
    """Reads an upload to its end or its limit. `watermark` lines go into a picture's pixels. Raises Problems."""
    head = stream.read(HEAD)
    if not head:
        raise Problems([Problem("file-empty")])
    content = identify(head)
    kind = _kind(content, limits)
    if kind == "image":
        return _receive_image(storage, _Measured(head, stream, limits.largest), name, now, watermark)
    measured, key = _Measured(head, stream, limits.largest), new_key(now.date())
    storage.write(key, measured)
    type_ = content.type.replace("video/", "audio/") if kind == "audio" else content.type
    return Received(clean_name(name, content), kind, type_, measured.size, measured.digest.hexdigest(), key)


def _receive_image(storage: Storage, measured: _Measured, name: str, now: datetime, watermark: Sequence[str]) -> Received:
    picture = remake(b"".join(measured), watermark)
    key, thumb = new_key(now.date()), new_key(now.date())
    storage.write(key, [picture.body])
    storage.write(thumb, [picture.thumb])
    stem = re.sub(r"(?i)\.(png|gif|webp|jpe?g)$", "", name)
    digest = hashlib.sha256(picture.body).hexdigest()
    return Received(clean_name(stem, picture.content), "image", picture.content.type, len(picture.body), digest, key, thumb)


class _Measured:
    """The bytes of a stream, counted and digested on their way; Problems beyond the limit."""

    def __init__(self, head: bytes, stream: BinaryIO, largest: int) -> None:
        self.head, self.stream, self.largest = head, stream, largest
        self.size = 0
        self.digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        chunk = self.head
        while chunk:
            self.size += len(chunk)
            if self.size > self.largest:
                raise Problems([Problem("file-too-large", {"limit": size_text(self.largest)})])
            self.digest.update(chunk)
            yield chunk
            chunk = self.stream.read(CHUNK)


def _kind(content: Content, limits: Limits) -> str:
    if content is PROGRAM:
        raise Problems([Problem("file-program")])
    kind = next((k for k in content.kinds if not limits.kinds or k in limits.kinds), None)
    if kind is None:
        wanted = {locale: "、".join(Problem(f"kind-{k}").sentence(locale) for k in limits.kinds) for locale in LOCALES}
        found = {locale: Problem(f"kind-{content.kinds[0]}").sentence(locale) for locale in LOCALES}
        raise Problems([Problem("file-kind-refused", {"found": found, "wanted": wanted})])
    return kind


def size_text(size: int) -> str:
    """'512 KB', '20 MB'."""
    return f"{size / (1 << 20):.0f} MB" if size >= 1 << 20 else f"{max(1, size >> 10)} KB"


def keep(connection: Connection, received: Received, creator: int | None, now: datetime) -> Attachment:
    """The row of what was received; its `uid` is the field's value."""
    uid = str(uuid7())
    connection.execute(insert(file).values(uid=uid, created_at=now, creator=creator, **received.__dict__))
    return Attachment(uid=uid, created_at=now, creator=creator, form="", record=None, field="", **received.__dict__)


def copied(storage: Storage, file: Attachment, now: datetime) -> Received:
    """The same bytes once more: what belongs to one record can't belong to another. Raises KeyError where they are gone."""
    key, thumb = new_key(now.date()), new_key(now.date()) if file.thumb else None
    for new, small in ((key, False), (thumb, True)):
        if new:
            with open_bytes(storage, file, small) as stream:
                storage.write(new, iter(partial(stream.read, CHUNK), b""))
    return Received(file.name, file.kind, file.type, file.size, file.sha256, key, thumb)


def get(connection: Connection, uid: str) -> Attachment | None:
    return next(iter(_read(connection, file.c.uid == uid)), None)


def of_record(connection: Connection, form: str, record: int) -> list[Attachment]:
    """All that belong to a record, oldest first."""
    return _read(connection, (file.c.form == form) & (file.c.record == record))


def named(connection: Connection, uids: Iterable[str]) -> dict[str, Attachment]:
    """Those that exist, by uid: one query for a page."""
    return {a.uid: a for part in _batches(set(uids)) for a in _read(connection, file.c.uid.in_(part))}


def attach(connection: Connection, uids: Iterable[str], form: str, record: int, field: str, creator: int | None) -> None:
    """Gives uploads to a record's field. What isn't the uploader's own, or is another record's, is as unknown as what never was (S10)."""
    wanted = set(uids)
    found = named(connection, wanted)
    for uid in sorted(wanted):
        attachment = found.get(uid)
        loose = attachment is not None and not attachment.form and attachment.creator == creator
        theirs = attachment is not None and (attachment.form, attachment.record, attachment.field) == (form, record, field)
        if not loose and not theirs:
            raise Problems([Problem("attachment-unknown", form=form, field=field)])
    loose_rows = file.c.uid.in_(wanted) & file.c.form.is_(None)
    taken = connection.execute(update(file).where(loose_rows).values(form=form, record=record, field=field))
    if taken.rowcount != sum(not a.form for a in found.values()):  # another save or the sweep was quicker
        raise Problems([Problem("attachment-unknown", form=form, field=field)])


def open_bytes(storage: Storage, attachment: Attachment, thumb: bool = False) -> BinaryIO:
    """Raises KeyError where the bytes are gone, or a thumbnail is asked of what has none."""
    return storage.open((attachment.thumb or "") if thumb else attachment.key)


def forget(connection: Connection, form: str, record: int) -> None:
    """A record's attachments go for good; the next sweep deletes their bytes."""
    connection.execute(delete(file).where(file.c.form == form, file.c.record == record))


def sweep(store: Store, storage: Storage, now: datetime) -> int:
    """Removes uploads that no record took within a day, then all bytes of earlier days that no row names; how many were deleted.

    Bytes of today and yesterday are left alone: their rows may not be committed yet.
    """
    with store.write() as connection:
        connection.execute(delete(file).where(file.c.form.is_(None), file.c.created_at < now - LOOSE))
    strays: list[str] = []
    with store.read() as connection:
        for keys in _batches(storage.keys(before=(now - LOOSE).date())):
            rows = connection.execute(select(file.c.key, file.c.thumb).where(file.c.key.in_(keys) | file.c.thumb.in_(keys)))
            known = {key for row in rows for key in row}
            strays += [key for key in keys if key not in known]
    for key in strays:
        storage.delete(key)
    return len(strays)


def _batches(items: Iterable[str], size: int = 500) -> Iterator[list[str]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def _read(connection: Connection, where: Any) -> list[Attachment]:
    rows = connection.execute(select(file).where(where).order_by(file.c.id)).mappings()
    return [Attachment(**{name: row[name] for name in _PLAIN}, form=row["form"] or "", field=row["field"] or "") for row in rows]


_PLAIN = ("uid", "name", "kind", "type", "size", "sha256", "key", "thumb", "created_at", "creator", "record")
