"""The contract of a field type, asked of every one that is registered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select

from dougong.expr.types import COVER, Hidden
from dougong.fields import BUILT_IN
from dougong.fields.base import OPERATORS, Reference, Refused, field_types
from dougong.problems import codes
from tests.fields.cases import CASES, EN, ZH, Case, make

HOSTILE: tuple[Any, ...] = (
    "undefined", "null", "None", "\\", "''", '";--', "' OR 1=1 --", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>',
    "{{7*7}}", "{% raw %}", "${7*7}",
    "#{7*7}", "%s%s%n", "../../etc/passwd", "file:///etc/passwd", "\x00", "\x7f", "\ud800", "\udfff\ud800", "\ufeff", "\u202eabc",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "👩‍👩‍👧‍👦", "﷽", "ﷺ" * 200, "İß", "٠١٢",
    "1/0", "1e400", "-0", "NaN", "Infinity", "0x10", "1_000", "9" * 5000, "-9223372036854775809", "1,2,3", "２０２６", "0001-01-01",
    "9999-12-31T23:59:59Z", "2026-03-05T24:00Z",
    "2026-02-30", "24:60", "99999999999h", "a" * 100_000, "[" * 100_000, '{"a":' * 5000, "=1+1", "@SUM(1)", "\n\r\t", " " * 10_000,
    "a@b@c", "http://[::1", "#" * 30, "+" * 99,
    True, False, 0, -1, 2**63, 10**400, -(10**400), 1.5, 1e308, -1e308, 5e-324, float("nan"), float("inf"), float("-inf"), [], [[]],
    [None], ["", ""], ["a"] * 1000, [[["a"]]],
    {}, {"a": {"b": []}}, {"uid": None}, {"lat": [], "lng": {}}, [{"a": "\ud800"}], {"from": {}, "to": []}, ({},), b"bytes", object(),
    [object()], {"\ud800": 1},
)  # fmt: skip

by_case = pytest.mark.parametrize("case", CASES, ids=str)
by_type = pytest.mark.parametrize("name", sorted(field_types))


def values(case: Case) -> Iterator[Any]:
    """Every value the case knows, each once, the empty one too."""
    seen: list[Any] = []
    for value in (
        [v for _, v in case.takes]
        + [v for v, *_ in case.shows]
        + [field_types[case.type].from_columns(case.field, (None, None)[: len(columns(case))])]
    ):
        if value not in seen or isinstance(value, bool):
            seen.append(value)
            yield replace(value, sealed=True) if isinstance(value, Hidden) else value


def columns(case: Case) -> tuple[Any, ...]:
    return field_types[case.type].columns(case.field)


def test_every_module_of_a_type_is_listed_and_registers_itself() -> None:
    assert {module.__name__.rpartition(".")[2] for module in BUILT_IN} == set(field_types)


def test_every_type_has_a_table_of_cases() -> None:
    assert {case.type for case in CASES} == set(field_types)


@by_type
def test_options_are_a_valid_schema_with_words_in_both_languages(name: str) -> None:
    kind = field_types[name]
    Draft202012Validator.check_schema({"type": "object", "properties": dict(kind.schema), "required": list(kind.required_options)})
    assert set(kind.required_options) <= set(kind.schema)
    for words in (option[part] for option in kind.schema.values() for part in ("title", "description")):
        chinese, english = words.split(" | ")
        assert re.search("[一-鿿]", chinese) and not re.search("[一-鿿]", english.replace("customer", ""))


@by_case
def test_options_of_the_cases_fit_the_schema_and_have_no_faults(case: Case) -> None:
    kind = field_types[case.type]
    schema = {"type": "object", "properties": dict(kind.schema), "required": list(kind.required_options), "additionalProperties": False}
    Draft202012Validator(schema).validate(dict(case.options))
    assert list(kind.faults(case.options)) == []


@by_type
def test_filter_operators_are_known(name: str) -> None:
    operators = field_types[name].operators
    assert set(operators) <= OPERATORS and len(set(operators)) == len(operators)
    assert bool(operators) == bool(columns(next(c for c in CASES if c.type == name))), "what has no column can't be filtered"


@by_case
def test_what_people_write_is_taken(case: Case) -> None:
    for written, value in case.takes:
        got = field_types[case.type].parse(case.field, written, ZH)
        assert (got, type(got)) == (value, type(value)), written


@by_case
def test_what_is_wrong_is_refused_with_its_code(case: Case) -> None:
    for written, code in case.refuses:
        with pytest.raises(Refused) as refused:
            field_types[case.type].parse(case.field, written, ZH)
        assert refused.value.code == code, repr(written)[:80]


@by_case
def test_limits_of_the_options_are_checked(case: Case) -> None:
    kind = field_types[case.type]
    for value, code in case.limits:
        with pytest.raises(Refused) as refused:
            kind.check(case.field, value)
        assert refused.value.code == code
    for _, value in case.takes:
        if not kind.is_empty(value):
            kind.check(case.field, value)


@by_case
def test_values_are_shown_in_both_languages(case: Case) -> None:
    kind = field_types[case.type]
    for value, chinese, english in case.shows:
        assert kind.display(case.field, value, ZH) == chinese
        assert kind.display(case.field, value, EN) == english


@by_case
def test_what_is_exported_or_put_in_a_control_reads_back_as_the_same_value(case: Case) -> None:
    kind = field_types[case.type]
    for _, value in case.takes:
        back = Hidden(COVER) if kind.sealed and value else value  # what is sealed never comes out: its cover does
        assert kind.parse(case.field, kind.export(case.field, value), EN) == back
        assert kind.parse(case.field, kind.entry(case.field, value, ZH), ZH) == back


@by_type
def test_hostile_input_is_refused_and_never_crashes(name: str) -> None:
    kind = field_types[name]
    for case in (c for c in CASES if c.type == name):
        for written in HOSTILE:
            try:
                value = kind.parse(case.field, written, ZH)
                if not kind.is_empty(value):
                    kind.check(case.field, value)
            except Refused as refused:
                assert refused.code in codes()
                assert "{" not in refused.problem().sentence("en").replace(str(written), "")
            else:
                back = Hidden(COVER) if kind.sealed and value else value
                assert kind.parse(case.field, kind.export(case.field, value), ZH) == back, repr(written)[:80]
                if not holds_references(value):
                    assert isinstance(kind.display(case.field, value, ZH), str) and isinstance(kind.display(case.field, value, EN), str)


def holds_references(value: Any) -> bool:
    return isinstance(value, Reference) or (isinstance(value, tuple) and any(isinstance(v, Reference | dict) for v in value))


def test_values_come_back_from_both_databases(database_url: str) -> None:
    """One table with a column set per case; each row holds one value of one case."""
    kept = [case for case in CASES if columns(case) and case.field.value.kind != "record" and case.type != "users"]
    own = {i: [Column(f"f{i}{c.suffix}", c.type) for c in columns(case)] for i, case in enumerate(kept)}
    table = Table("things", MetaData(), Column("id", Integer, primary_key=True), *(c for group in own.values() for c in group))
    rows = [(i, value) for i, case in enumerate(kept) for value in values(case)]
    engine = create_engine(database_url)
    with engine.begin() as connection:
        table.create(connection)
        for number, (i, value) in enumerate(rows):
            cells = field_types[kept[i].type].to_columns(kept[i].field, value)
            connection.execute(insert(table).values(id=number, **{c.name: cell for c, cell in zip(own[i], cells, strict=True)}))
        found = connection.execute(select(table).order_by(table.c.id)).mappings().all()
    engine.dispose()
    for (i, value), row in zip(rows, found, strict=True):
        case = kept[i]
        back = field_types[case.type].from_columns(case.field, tuple(row[c.name] for c in own[i]))
        assert (back, type(back)) == (value, type(value)), str(case)


@by_type
def test_links_and_lines_have_no_column_and_live_values_neither(name: str) -> None:
    case = next(c for c in CASES if c.type == name)
    kind = field_types[name]
    assert bool(columns(case)) == (case.field.value.kind != "records")
    live = make(name, case.options, stored=False, cases=("computed",))
    assert kind.columns(live) == ()
