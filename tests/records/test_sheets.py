"""Tables that people bring (THREATS S26, S27): read right, or refused in little time and memory with a sentence, never anything else."""

from __future__ import annotations

import os
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import xlsxwriter

from dougong.problems import Problems
from dougong.records import sheets, unpack

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
SPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TITLE = b'<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
TEXT = "名称,备注\n宁波骨科,“好”\n"
READ = [{"名称": "宁波骨科", "备注": "“好”"}]


def sheet(rows: bytes) -> bytes:
    return b"<worksheet " + SPACE + b'><dimension ref="A1:XFD1048576"/><sheetData>' + rows + b"</sheetData></worksheet>"


def strings(text: bytes, before: bytes = b"") -> bytes:
    return before + b"<sst " + SPACE + b"><si><t>" + text + b"</t></si><si><t>b</t></si></sst>"


def workbook(folder: Path, parts: Mapping[str, bytes | Iterator[bytes]] | None = None) -> Path:
    """A workbook of one row, with some of its parts replaced."""
    plain, made = folder / "plain.xlsx", folder / "made.xlsx"
    book = xlsxwriter.Workbook(str(plain))
    page = book.add_worksheet()
    page.write_row(0, 0, ["a", "b"])
    page.write_row(1, 0, ["甲", 3])
    book.close()
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = (parts or {}).get(name, source.read(name))
            with target.open(name, "w") as out:
                for piece in (part,) if isinstance(part, bytes) else part:
                    out.write(piece)
    return made


def far_corner(folder: Path) -> Path:
    return workbook(folder, {SHEET: sheet(TITLE + b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')})


def repeated_string(folder: Path) -> Path:
    cells = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 50_000))
    return workbook(folder, {SHEET: sheet(cells), STRINGS: strings(b"x" * 1_000_000)})


def zeros(folder: Path) -> Path:
    return workbook(folder, {SHEET: (b"\0" * 2**20 for _ in range(500))})


def says_it_is_small(folder: Path) -> Path:
    path = zeros(folder)
    body = bytearray(path.read_bytes())
    at = body.rfind(b"PK\x01\x02", 0, body.rfind(SHEET.encode()))
    body[at + 24 : at + 28] = struct.pack("<I", 1_000)
    path.write_bytes(body)
    return path


def million_members(folder: Path) -> Path:
    path = folder / "members.xlsx"
    listed = (b"PK\x01\x02" + b"\0" * 42) * 1_000_000
    end = b"PK\x05\x06" + b"\0" * 4 + b"\xff" * 4 + struct.pack("<II", len(listed), 30) + b"\0\0"
    path.write_bytes(sheets.ZIP + b"\0" * 26 + listed + end)
    return path


def outside(folder: Path) -> Path:
    secret = folder / "secret"
    secret.write_text("canary")
    return workbook(folder, {STRINGS: strings(b"&e;", b'<!DOCTYPE sst [<!ENTITY e SYSTEM "file://%s">]>' % str(secret).encode())})


def laughs(folder: Path) -> Path:
    entities = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n else b"ha") for n in range(10))
    return workbook(folder, {STRINGS: strings(b"&a9;", b"<!DOCTYPE sst [" + entities + b"]>")})


def csv_of(body: str | bytes) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        path = folder / "t.csv"
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
        return path

    return made


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a cell in the far corner": (far_corner, "sheet-too-large"),
    "one long text in every cell": (repeated_string, "sheet-too-large"),
    "half a gigabyte of zeros": (zeros, "sheet-too-large"),
    "a part that says it is small": (says_it_is_small, "sheet-too-large"),
    "a million parts": (million_members, "sheet-too-large"),
    "an entity from a file": (outside, "sheet-unreadable"),
    "entities of entities": (laughs, "sheet-unreadable"),
    "a password or an old workbook": (csv_of(sheets.OLD_EXCEL + b"\0" * 100), "sheet-old-excel"),
    "a million columns": (csv_of(",".join(map(str, range(1_000_000)))), "sheet-long-line"),
    "a quote that is never closed": (csv_of('a,b\n"' + "x\n" * 3_000_000), "sheet-unreadable"),
    "one endless line": (csv_of("a,b\n" + "x" * 20_000_000), "sheet-long-line"),
    "a row over a million lines": (csv_of("a,b\n" + '"x\n",' * 1_000_000), "sheet-long-line"),
    "a NUL": (csv_of("名称,数量\n甲\0,3\n"), "sheet-no-text"),
    "half a character in UTF-16": (csv_of(b"\xff\xfea\0,\0b\0\n\0\x00\xd8"), "sheet-encoding"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path, what: str) -> None:
    make, code = REFUSED[what]
    path = make(tmp_path)
    before = sum(os.times()[:4])
    tracemalloc.start()
    try:
        with pytest.raises(Problems) as refused:
            list(sheets.rows(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [p.code for p in refused.value] == [code]
    assert "canary" not in refused.value.problems[0].sentence("en")
    assert sum(os.times()[:4]) - before < 5 and peak < 64 * 2**20, (sum(os.times()[:4]) - before, peak)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-be"])
def test_what_excel_saves_is_read_in_any_of_its_encodings(tmp_path: Path, encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    assert list(sheets.rows(csv_of(mark + TEXT.encode(encoding))(tmp_path))) == READ
    assert list(sheets.rows(csv_of(mark + TEXT.replace(",", "\t").replace("\n", "\r\n").encode(encoding))(tmp_path))) == READ


def test_a_dimension_that_says_too_much_is_not_believed(tmp_path: Path) -> None:
    cells = b'<row r="2"><c r="A2"><v>7</v></c></row>'
    assert list(sheets.rows(workbook(tmp_path, {SHEET: sheet(TITLE + cells)}))) == [{"a": 7}]


def test_a_row_may_go_over_several_lines_and_a_table_over_many(tmp_path: Path) -> None:
    body = "a,b\n" + '1,"x\ny"\n' * 400_000
    found = sheets.rows(csv_of(body)(tmp_path))
    assert next(found) == {"a": "1", "b": "x\ny"} and sum(1 for _ in found) == 399_999


def test_who_has_read_enough_of_a_workbook_may_stop(tmp_path: Path) -> None:
    path = workbook(tmp_path)
    assert sheets.headers(path) == ("a", "b") and list(sheets.rows(path)) == [{"a": "甲", "b": 3}]
    assert unpack.cell(2.0) == 2 and unpack.cell(True) == "true"
