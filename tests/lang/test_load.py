"""Files → documents: YAML 1.2 core, bounded, with the place of everything."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dougong.lang import load as loading
from dougong.lang.load import load, read_folder
from dougong.problems import Mark, Problems


def value(text: str) -> Any:
    documents, problems = load({"x.yaml": f"form: {text}\n"})
    assert problems == []
    return documents[0].content["form"]


def codes(text: str) -> list[str]:
    return [p.code for p in load({"x.yaml": text})[1]]


@pytest.mark.parametrize(
    "text", ["on", "yes", "no", "off", "12:30", "0571", "010", "+8613800138000", "1_000", "2026-01-01", "0x1F", "1e5", ".5", "NaN", "是"]
)
def test_only_core_types_are_read_into_plain_words(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("true", True), ("False", False), ("null", None), ("~", None), ("-3", -3), ("13800138000", 13800138000), ("1.10", Decimal("1.10"))],
)
def test_core_types_are_read_exactly(text: str, wanted: Any) -> None:
    assert value(text) == wanted
    assert type(value(text)) is type(wanted)


def test_a_key_is_always_its_text() -> None:
    documents, _ = load({"x.yaml": "on: {1: a, true: b, no: c}\n"})
    assert documents[0].content == {"on": {"1": "a", "true": "b", "no": "c"}}


def test_every_key_and_value_knows_its_place() -> None:
    documents, _ = load({"x.yaml": 'form: a\nfields:\n  名称: {type: "text"}\n  b: [x, y]\nhelp: |\n  两行\n  文字\n'})
    document = documents[0]
    assert document.keys["fields", "名称"] == Mark("x.yaml", 3, 3, 2)
    assert document.values["fields", "名称", "type"] == Mark("x.yaml", 3, 15, 4)
    assert document.values["fields", "b", 1] == Mark("x.yaml", 4, 10, 1)
    assert document.values["help",] == Mark("x.yaml", 6, 3, 2)


def test_a_file_may_hold_several_documents_and_only_comments() -> None:
    documents, problems = load({"x.yaml": "# first\n---\nform: a\n---\nrole: b\n---\n# nothing\n"})
    assert [(d.kind, d.id) for d in documents] == [("form", "a"), ("role", "b")]
    assert problems == []


def test_windows_line_ends_and_a_byte_order_mark_are_no_fault() -> None:
    documents, problems = load({"x.yaml": "\ufeffform: a\r\nname: 客户\r\n"})
    assert (documents[0].content, problems) == ({"form": "a", "name": "客户"}, [])


def test_a_comment_with_a_space_is_a_comment() -> None:
    assert codes("form: a   # the customer\nname: b #\n") == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", "anchor-refused"),
        ("a: " + "[" * 100 + "]" * 100, "too-deep"),
        ("a: " + "[" * 20_000, "too-deep"),
        ("a:\n" + "- [x, y]\n" * 60_000, "source-too-large"),
        ("a: " + "x" * 1_000_001, "source-too-large"),
        ("a: !!python/object/apply:os.system [ls]\n", "tag-refused"),
        ("a: !!binary aGVsbG8=\n", "tag-refused"),
        ("%TAG ! tag:x,2000:\n---\na: !b c\n", "tag-refused"),
        ("? {a: b}\n: c\n", "key-not-text"),
        ("a: \ud800\n", "not-printable"),
    ],
)
def test_what_multiplies_executes_or_never_ends_is_refused(text: str, code: str) -> None:
    assert codes(text)[0] == code


def test_the_pure_python_parser_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "form: a\nfields:\n  b: {type: text, name: *客户}\n"
    by_c = load({"x.yaml": text})
    monkeypatch.setattr(loading, "_Loader", __import__("yaml").SafeLoader)
    assert [(p.code, p.mark) for p in load({"x.yaml": text})[1]] == [(p.code, p.mark) for p in by_c[1]]
    good = "form: a\nfields:\n  b: {type: 'text', n: 1}\n"
    assert load({"x.yaml": good})[0][0].content == {"form": "a", "fields": {"b": {"type": "text", "n": 1}}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---",
        "- ",
        "a",
        ":",
        "?",
        "[",
        "{",
        "'",
        '"',
        "|",
        "%",
        "@",
        "a: b: c",
        "\t",
        "a:\n b\n  c:",
        "{a: b, c}",
        "--- a\n--- b",
        "!",
        "&",
        "*",
        "a: &",
        "\x00",
        "… ：，“”",
        "a: {{",
        "a: }}",
    ],
)
def test_no_text_crashes_the_reader(text: str) -> None:
    documents, problems = load({"x.yaml": text})
    assert all(p.sentence("zh") and p.sentence("en") for p in problems)
    assert all(isinstance(d.kind, str) for d in documents)


def test_a_folder_is_read_without_links_and_strangers(tmp_path: Path) -> None:
    (tmp_path / "forms").mkdir()
    (tmp_path / "documents").mkdir()
    (tmp_path / "data").mkdir()
    for name in ("app.yaml", "forms/a.yml", "documents/p.html", "data/x.csv", "x.csv", "notes.txt", ".hidden.yaml"):
        (tmp_path / name).write_text(name, "utf-8")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "app.yaml")
    (tmp_path / "outside").symlink_to(tmp_path.parent, target_is_directory=True)
    assert dict(read_folder(tmp_path)) == {n: n for n in ("app.yaml", "data/x.csv", "documents/p.html", "forms/a.yml")}
    assert dict(read_folder(tmp_path / "app.yaml")) == {"app.yaml": "app.yaml"}


def test_a_folder_that_can_not_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(Problems) as missing:
        read_folder(tmp_path / "nothing")
    (tmp_path / "a.yaml").write_bytes("客户".encode("gbk"))
    (tmp_path / "b.yaml").write_bytes(b"a" * 1_000_001)
    with pytest.raises(Problems) as wrong:
        read_folder(tmp_path)
    assert [p.code for p in missing.value] == ["template-not-found"]
    assert [(p.code, p.mark.file) for p in wrong.value] == [("not-utf8", "a.yaml"), ("source-too-large", "b.yaml")]
