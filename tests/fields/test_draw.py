"""Every type draws its control: empty, filled, hostile; for phone and desk, without script or style."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from dougong.fields import lines
from dougong.fields.base import field_types
from dougong.fields.draw import draw
from dougong.spec.form import Field, Option
from dougong.spec.label import Label
from tests.fields.cases import CASES, EN, UID, UID2, ZH, Case, make

EVIL = '"><script>alert(1)</script>'
VOID = {"input", "img", "br", "hr"}


class Page(HTMLParser):
    """The elements of a fragment, in order; notes what isn't closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"an attribute of <{tag}> stands twice: {names}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.elements if tag in tags]


def control_value(case: Case, value: Any) -> Any:
    """What the page hands to the control of this type (see draw.py)."""
    match field_types[case.type].widget:
        case "link":
            return {"uid": UID, "title": "宁波骨科医院"}
        case "links":
            return [{"uid": UID, "title": "王强"}]
        case "file" | "image" | "recording" | "signature":
            return [{"uid": UID, "name": "现场.jpg", "url": "/f/1", "thumb": "/t/1"}]
        case "lines":
            return [{"uid": UID2, "qty": "3"}]
        case "read_only":
            return "算出来的"
        case _:
            return field_types[case.type].entry(case.field, value, ZH)


QTY = make("integer")
COLUMNS = (Field(id="qty", name=Label("数量", {"en": "Quantity"}), type="integer", value=QTY.value, key="qty"),)
by_case = pytest.mark.parametrize("case", CASES, ids=str)


def render(case: Case, value: Any, **attrs: Any) -> str:
    return draw(case.field, value, "thing", ZH, attrs, COLUMNS if case.type == "lines" else ())


@by_case
def test_an_empty_control_is_well_formed_and_posts_under_its_name(case: Case) -> None:
    html = render(case, None)
    page = Page(html)
    assert page.open == []
    assert "None" not in html
    if not field_types[case.type].read_only and case.type != "lines":
        assert "thing" in {a.get("name") for a in page.of("input", "select", "textarea")}


@by_case
def test_a_filled_control_holds_the_value(case: Case) -> None:
    for _, value in case.takes[:1]:
        shown = control_value(case, value)
        filled, empty = render(case, shown), render(case, None)
        assert Page(filled).open == []
        if shown not in (None, [], False):
            assert filled != empty


@by_case
def test_what_was_typed_is_escaped_wherever_it_stands(case: Case) -> None:
    widget = field_types[case.type].widget
    evil: Any = {
        "link": {"uid": EVIL, "title": EVIL},
        "links": [{"uid": EVIL, "title": EVIL}],
        "lines": [{"uid": EVIL, "qty": EVIL}],
        "date_range": [EVIL, EVIL],
        "json": {"a": EVIL},
        **{name: [{"uid": EVIL, "name": EVIL, "url": EVIL, "thumb": EVIL}] for name in ("file", "image", "recording", "signature")},
    }.get(widget, EVIL)
    for value in (evil, EVIL):
        html = render(case, None if widget == "lines" and value == EVIL else value)
        assert "<script" not in html
        assert not any(
            name.startswith("on") or name == "style"
            for attrs in Page(html).of("input", "div", "label", "button", "a", "img")
            for name in attrs
        )


@by_case
def test_words_of_the_template_are_escaped(case: Case) -> None:
    hostile = Field(
        id="thing", name=Label(EVIL), type=case.type, value=case.field.value, options=case.field.options, key="thing",
        placeholder=Label(EVIL),
        choices={id: Option(id, Label(EVIL), EVIL) for id in case.field.choices},
    )  # fmt: skip
    assert "<script" not in draw(hostile, None, "thing", ZH, {"aria-describedby": EVIL}, (hostile,) if case.type == "lines" else ())


@by_case
def test_every_input_can_be_named_by_a_screen_reader(case: Case) -> None:
    """The label points at `id`; what stands in a group of its own is wrapped in a label or has an aria-label."""
    page = Page(render(case, control_value(case, case.takes[0][1]) if case.takes else None))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert ids.count("thing") == 1 and len(set(ids)) == len(ids)
    assert all(attrs.get("aria-label") for attrs in page.of("div") if attrs.get("role") in ("group", "radiogroup"))


@pytest.mark.parametrize(
    ("count", "tag", "style"),
    [
        (2, "div", "choices buttons"),
        (3, "div", "choices buttons"),
        (4, "div", "choices chips"),
        (7, "div", "choices chips"),
        (8, "select", "input"),
    ],
)
def test_few_options_are_buttons_more_are_chips_many_are_a_select(count: int, tag: str, style: str) -> None:
    field = make("choice", {"options": {f"o{n}": f"第{n}" for n in range(count)}})
    first, attrs = Page(draw(field, "o1", "thing", EN)).elements[0]
    assert (first, attrs["class"]) == (tag, style)


@pytest.mark.parametrize(
    ("type_", "options", "attribute", "value"),
    [
        ("integer", {}, "inputmode", "numeric"), ("money", {}, "inputmode", "decimal"), ("percent", {}, "inputmode", "decimal"),
        ("phone", {}, "type", "tel"),
        ("email", {}, "type", "email"), ("url", {}, "type", "url"), ("date", {}, "type", "date"), ("datetime", {},
        "type", "datetime-local"), ("time", {}, "type", "time"),
        ("period", {}, "type", "month"), ("image", {"camera_only": True}, "capture", "environment"), ("image", {}, "accept", "image/*"),
        ("audio", {}, "accept", "audio/*"),
        ("file", {"many": True}, "multiple", "multiple"), ("colour", {}, "type", "text"), ("text", {}, "maxlength", "500"),
        ("yes_no", {}, "role", "switch"),
    ],
)  # fmt: skip
def test_the_phone_brings_the_right_keyboard_or_camera(type_: str, options: dict[str, Any], attribute: str, value: str) -> None:
    inputs = Page(draw(make(type_, options), None, "thing", ZH)).of("input")
    assert value in [attrs.get(attribute) for attrs in inputs]


def test_recording_says_when_it_stops() -> None:
    assert 'data-seconds="120"' in draw(make("audio", {"at_most": "2m"}), None, "thing", ZH)
    assert "data-seconds" not in draw(make("audio"), None, "thing", ZH)


def test_required_stands_on_the_inputs_that_a_browser_checks() -> None:
    for type_, options in (("text", {}), ("choice", {"options": {"a": "甲", "b": "乙"}}), ("integer", {}), ("date_range", {})):
        html = draw(make(type_, options, required=True), None, "thing", ZH)
        assert any(attrs.get("required") for attrs in Page(html).of("input"))
        assert "不选" not in html


def test_a_required_file_that_is_there_is_not_asked_for_again() -> None:
    field = make("file", required=True)
    assert "required" in draw(field, None, "thing", ZH)
    assert "required" not in draw(field, [{"uid": UID, "name": "a"}], "thing", ZH)


def test_a_link_names_the_form_to_search() -> None:
    field = make("link", {"to": "customer", "scan": True}, target="sales.customer")
    page = Page(draw(field, {"uid": UID, "title": "宁波骨科医院"}, "thing", ZH))
    assert page.of("div")[0]["data-picker"] == "sales.customer"
    assert [(a.get("type"), a.get("value")) for a in page.of("input")] == [("search", "宁波骨科医院"), ("hidden", UID)]
    assert Page(draw(make("user"), None, "thing", ZH)).of("div")[0]["data-picker"] == "user"


def test_posted_lines_are_gathered_back_into_the_rows_that_were_drawn() -> None:
    field = make("lines", {"columns": {}})
    page = Page(draw(field, [{"uid": UID, "qty": "3"}, {"qty": "4"}], "thing", ZH, {}, COLUMNS))
    posted = [(str(a["name"]), str(a.get("value") or "")) for a in page.of("input") if "__row__" not in str(a["name"])]
    assert lines.gather([*posted, ("thing-x-qty", "5"), ("thing-2-QTY", "6"), ("other-0-qty", "7"), ("things-0-qty", "8")], "thing") == [
        {"uid": UID, "qty": "3"},
        {"qty": "4"},
    ]
    assert any("__row__" in str(a["name"]) for a in page.of("input"))


def test_a_column_posted_several_times_in_a_line_becomes_a_list() -> None:
    assert lines.gather([("a-0-x", "1"), ("a-0-x", "2"), ("a-0-x", "3"), ("a-10-x", "4")], "a") == [{"x": ["1", "2", "3"]}, {"x": "4"}]


def test_the_language_of_the_reader_is_used() -> None:
    field = make("choice", {"options": {f"o{n}": f"第{n}" for n in range(9)}})
    assert "请选择" in draw(field, None, "thing", ZH) and "第1" in draw(field, None, "thing", ZH)
    assert "Choose" in draw(field, None, "thing", EN) and "o1 in English" in draw(field, None, "thing", EN)
