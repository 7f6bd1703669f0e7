"""`dougong import` and `dougong export`: by a mapping file, tried first, with the rows that stay out in a file of their own."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dougong.cli.apply import apply
from dougong.cli.exporting import export
from dougong.cli.importing import import_
from dougong.records.sheets import rows
from tests.cli.conftest import Run

DESK = Path(__file__).parents[1] / "api" / "desk"
MAPPING = "import: parties\nform: desk.party\nkey: name\ncolumns: {客户名: name, 数: count, 级: level, 上: above}\n"
TABLE = "客户名,数,级,上\n甲,1,甲,\n乙,x,乙,甲\n丙,3,丙,\n丁,4,b,甲\n"


@pytest.fixture
def files(run: Run, tmp_path: Path) -> dict[str, str]:
    run(apply, str(DESK))
    paths = {name: tmp_path / name for name in ("map.yaml", "table.csv", "errors.csv", "out.csv", "out.xlsx")}
    paths["map.yaml"].write_text(MAPPING, "utf-8")
    paths["table.csv"].write_text(TABLE, "gb18030")
    return {name: str(path) for name, path in paths.items()}


def test_a_table_is_tried_imported_mended_and_imported_again(run: Run, files: dict[str, str]) -> None:
    arguments = (files["table.csv"], "--mapping", files["map.yaml"])
    tried = run(import_, *arguments, "--dry-run", code=1)
    assert "4 rows: 1 created, 0 updated, 0 unchanged, 3 with faults" in tried
    run(export, "desk.party", files["out.csv"])
    assert len(list(rows(Path(files["out.csv"])))) == 0

    done = run(import_, *arguments, "--errors", files["errors.csv"], code=1)
    assert "4 rows: 1 created, 0 updated, 0 unchanged, 3 with faults" in done and "row 3 fault" in done
    faults = list(csv.DictReader(Path(files["errors.csv"]).read_text("utf-8-sig").splitlines()))
    assert [(f["行号 Row"], f["客户名"], bool(f["原因"]), bool(f["Reason"])) for f in faults] == [
        ("3", "乙", True, True),
        ("4", "丙", True, True),
        ("5", "丁", True, True),
    ]

    mended = Path(files["errors.csv"]).read_text("utf-8-sig").replace(",x,", ",2,").replace("丙,3,丙", "丙,3,甲")
    Path(files["errors.csv"]).write_text(mended, "utf-8")
    again = run(import_, files["errors.csv"], "--mapping", files["map.yaml"])
    assert "3 rows: 3 created" in again
    whole = run(import_, *arguments, code=1)
    assert "4 rows: 0 created, 0 updated, 2 unchanged, 2 with faults" in whole


def test_what_is_exported_is_imported_as_it_was(run: Run, files: dict[str, str]) -> None:
    Path(files["table.csv"]).write_text(
        "名称,手机,成本,份额,标签,起始\n=1+1,13800000000,-5.5,12.5%,老、新,2026-03-01\n'@x,,0,,,\n", "utf-8"
    )
    assert "2 created" in run(import_, files["table.csv"], "--form", "desk.party")
    for name in ("out.csv", "out.xlsx"):
        run(
            export,
            "desk.party",
            files[name],
            "--fields",
            "name,phone,cost,share,tags,since,agreed,met_at,level",
            "--filter",
            "name:filled:",
        )
        assert len(list(rows(Path(files[name])))) == 2
        mapping = Path(files["map.yaml"])
        mapping.write_text(
            "import: back\nform: desk.party\nkey: name\n"
            "columns: {名称: name, 手机: phone, 成本: cost, 份额: share, 标签: tags, 起始: since, 同意: agreed, 级别: level}\n",
            "utf-8",
        )
        assert "0 created, 0 updated, 2 unchanged, 0 with faults" in run(import_, files[name], "--mapping", files["map.yaml"])
    text = Path(files["out.csv"]).read_text("utf-8-sig")
    assert "\n'=1+1," in text and ",-5.50," in text


BAD_MAPPINGS: tuple[tuple[str, str], ...] = (
    ("form: desk.party\n", "begins with import:"),
    ("import: x\n", "'form' is missing"),
    ("import: x\nform: desk.partie\ncolumns: {}\n", "did you mean"),
    ("import: x\nform: desk.party\ncolumns: {甲: nmae}\n", "map.yaml:3:14"),
    ("import: x\nform: desk.party\ncolumns: [name]\n", "a group of"),
    ("import: x\nform: desk.party\ncolums: {甲: name}\n", "columns"),
    ("import: x\nform: desk.party\ncolumns: {甲: number}\n", "no field 'number' that could be imported"),
    ("import: x\nform: desk.party\ncolumns: {甲: name}\nautomations: 1\n", "true or false"),
    ("import: x\nform: desk.party\ncolumns: {甲: name, 甲: count}\n", "map.yaml:3"),
    ("import: x\nform: desk.party\ncolumns: {客户: name}\n", "has no column '客户'"),
    ("import: x\nform: desk.party\ncolumns: {客户名: name, 数: name}\n", "Two columns"),
    ("import: x\nform: desk.party\nkey: count\ncolumns: {客户名: name}\n", "No column is mapped to the key"),
    ("import: x\nform: desk.party\ncolumns: {}\n", "No column is mapped"),
)


def test_a_mapping_is_refused_in_its_place(run: Run, files: dict[str, str]) -> None:
    for text, words in BAD_MAPPINGS:
        Path(files["map.yaml"]).write_text(text, "utf-8")
        said = run(import_, files["table.csv"], "--mapping", files["map.yaml"], code=1)
        assert words in said, (text, said)


def test_help_shows_an_example(run: Run) -> None:
    assert "dougong import orders.csv" in run(import_, "--help")
    assert "dougong export" in run(export, "--help")
