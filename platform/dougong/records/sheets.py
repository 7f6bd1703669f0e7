"""Tables that people bring: CSV in the encodings Chinese offices use, and xlsx."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from dougong.problems import Problem, Problems

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ENCODINGS = ("utf-8-sig", "gb18030")
MOST_COLUMNS = 200
LARGEST_UNPACKED = 400 * 2**20
"""Bytes an xlsx may hold unpacked: beyond, it is a bomb or nothing for a spreadsheet."""

Row = dict[str, str | int | float]
"""Column title → what the cell holds: always text in CSV; an xlsx keeps its numbers, so that a percent cell is a fraction."""


def rows(path: Path) -> Iterator[Row]:
    """Each line by column title; empty lines are left out. Raises Problems for what is no table."""
    with path.open("rb") as file:
        packed = file.read(4) == b"PK\x03\x04"
    return _xlsx(path) if packed else _csv(path)


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
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(8192)
        file.seek(0)
        delimiter = max(",;\t", key=sample.split("\n")[0].count)
        reader = csv.reader(file, delimiter=delimiter)
        try:
            titles = _titles([original(cell) for cell in next(reader, [])])
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield dict(zip(titles, map(original, cells), strict=False))
        except csv.Error as error:
            raise Problems([Problem("sheet-unreadable", {"why": str(error)})]) from None


def _encoding(path: Path) -> str:
    for encoding in ENCODINGS:
        try:
            with path.open(encoding=encoding) as file:
                while file.read(2**20):
                    pass
            return encoding
        except UnicodeDecodeError:
            continue
    raise Problems([Problem("sheet-encoding")])


def _xlsx(path: Path) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > LARGEST_UNPACKED:
                raise Problems([Problem("sheet-too-large")])
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes())).get_sheet_by_index(0)
        lines = sheet.iter_rows()
        titles = _titles([str(_cell(c)) for c in next(lines, [])])
        for line in lines:
            cells = [_cell(c) for c in line]
            if any(cell != "" for cell in cells):
                yield dict(zip(titles, cells, strict=False))
    except (CalamineError, zipfile.BadZipFile) as error:
        raise Problems([Problem("sheet-unreadable", {"why": str(error)[:200]})]) from None


def _titles(cells: list[str]) -> tuple[str, ...]:
    titles = tuple(cell.strip() for cell in cells)
    if not any(titles):
        raise Problems([Problem("sheet-empty")])
    if len(titles) > MOST_COLUMNS:
        raise Problems([Problem("sheet-too-wide", {"limit": MOST_COLUMNS})])
    if double := next((t for i, t in enumerate(titles) if t and t in titles[:i]), ""):
        raise Problems([Problem("sheet-double-title", {"title": double})])
    return titles


def _cell(value: Any) -> str | int | float:
    """Whole numbers without '.0', dates in ISO."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
        case time() | timedelta():
            return str(value)
        case None:
            return ""
        case _:
            return str(value)
