"""Tables that people bring: CSV in the encodings Chinese offices use, and xlsx. Bombs are refused before they go off (THREATS S26)."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any, TextIO

from dougong.problems import Problem, Problems
from dougong.records import unpack

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ENCODINGS = ("utf-8-sig", "gb18030")
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""How a text in UTF-16 begins: Excel's "Unicode text"."""
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
MOST_COLUMNS = 200
LONGEST_LINE = 2_000_000
"""Characters of one row of a CSV, with all its cells."""
LARGEST_UNPACKED = 400 * 2**20
"""Bytes an xlsx may hold unpacked: beyond, it is a bomb or nothing for a spreadsheet."""
LARGEST_CONTENTS = 2**20
"""Bytes of the list of a zip's members; an xlsx has a few dozen."""

Row = dict[str, str | int | float]
"""Column title → what the cell holds: always text in CSV; an xlsx keeps its numbers, so that a percent cell is a fraction."""


def rows(path: Path) -> Iterator[Row]:
    """Each line by column title; empty lines are left out. Raises Problems for what is no table."""
    with path.open("rb") as file:
        first = file.read(4)
    if first == OLD_EXCEL:
        raise Problems([Problem("sheet-old-excel")])
    return _xlsx(path) if first == ZIP else _csv(path)


def neutral(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would run it; leading blanks and quotes don't hide it (THREATS S28)."""
    return f"'{text}" if text.lstrip(" \u3000\"'").startswith(DANGEROUS) or text.startswith(("\t", "\r", "\n")) else text


def original(text: str) -> str:
    """What `neutral` was given."""
    return text[1:] if text.startswith("'") and neutral(text[1:]) == text else text


def headers(path: Path) -> tuple[str, ...]:
    """The column titles."""
    first = next(rows(path), None)
    if first is None:
        raise Problems([Problem("sheet-empty")])
    return tuple(first)


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding=_encoding(path), newline="") as file:
        first = file.readline(LONGEST_LINE)
        file.seek(0)
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=max(",;\t", key=first.count))
        try:
            titles = _titles([original(cell) for cell in next(reader, [])])
            lines.taken = 0
            for cells in reader:
                lines.taken = 0
                if any(cell.strip() for cell in cells):
                    yield dict(zip(titles, map(original, cells), strict=False))
        except csv.Error as error:
            raise Problems([Problem("sheet-unreadable", {"why": str(error)})]) from None


class _Lines:
    """A file's lines; `taken` counts the characters of the row at hand, which may go over several. None is read whole that is too long."""

    def __init__(self, file: TextIO) -> None:
        self.file, self.taken = file, 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.file.readline(LONGEST_LINE)
        self.taken += len(line)
        if self.taken >= LONGEST_LINE:
            raise Problems([Problem("sheet-long-line")])
        if not line:
            raise StopIteration
        return line


def _encoding(path: Path) -> str:
    """Raises Problems for what is no text in any of the encodings, or holds NULs and is none at all."""
    with path.open("rb") as file:
        marked = MARKS.get(file.read(2))
    for encoding in (marked,) if marked else ENCODINGS:
        try:
            with path.open(encoding=encoding) as text:
                while part := text.read(2**20):
                    if "\0" in part:
                        raise Problems([Problem("sheet-no-text")])
            return encoding
        except UnicodeError:
            continue
    raise Problems([Problem("sheet-encoding")])


def _xlsx(path: Path) -> Iterator[Row]:
    _measure(path)
    with closing(_unpacked(path)) as lines:
        yield from _by_title(lines)


def _unpacked(path: Path) -> Generator[list[Any], None, None]:
    command = [sys.executable, "-P", unpack.__file__, str(path)]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True, encoding="ascii") as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    yield json.loads(line)
            except BaseException:  # whoever reads has enough
                process.kill()
                raise
        if process.returncode == unpack.UNREADABLE:
            said.seek(0)
            raise Problems([Problem("sheet-unreadable", {"why": said.read().decode("utf-8", "replace").strip()})])
        if process.returncode:
            raise Problems([Problem("sheet-too-large")])


def _by_title(lines: Iterator[list[Any]]) -> Iterator[Row]:
    titles = _titles([str(cell) for cell in next(lines, [])])
    for cells in lines:
        if any(cell != "" for cell in cells):
            yield dict(zip(titles, cells, strict=False))


def _measure(path: Path) -> None:
    """Raises Problems where the archive holds more than it may, whatever it says of itself: its members are unpacked once, into nothing."""
    try:
        with path.open("rb") as file:
            if _contents(file) > LARGEST_CONTENTS:
                raise Problems([Problem("sheet-too-large")])
        left = LARGEST_UNPACKED
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                member.file_size, member.CRC = LARGEST_UNPACKED, None  # type: ignore[assignment]  # what it says; read to its real end
                with archive.open(member) as content:
                    while left > 0 and (part := content.read(2**16)):
                        left -= len(part)
        if left <= 0:
            raise Problems([Problem("sheet-too-large")])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Problems([Problem("sheet-unreadable", {"why": str(error)[:200]})]) from None


def _contents(file: IO[bytes]) -> int:
    """The size of the list of members, as the end of the archive gives it; reading a list of millions would be the bomb."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 2**16 - 22))
    end = file.read()
    at = end.rfind(b"PK\x05\x06")
    return int.from_bytes(end[at + 12 : at + 16], "little") if at >= 0 else 0


def _titles(cells: list[str]) -> tuple[str, ...]:
    titles = tuple(cell.strip() for cell in cells)
    if not any(titles):
        raise Problems([Problem("sheet-empty")])
    if len(titles) > MOST_COLUMNS:
        raise Problems([Problem("sheet-too-wide", {"limit": MOST_COLUMNS})])
    if double := next((t for i, t in enumerate(titles) if t and t in titles[:i]), ""):
        raise Problems([Problem("sheet-double-title", {"title": double})])
    return titles
