"""What each field type takes, refuses and shows, as data: one Case per type (or per type with other options)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as clock
from decimal import Decimal
from typing import Any

from dougong.expr.types import Hidden, Span
from dougong.fields.base import Locale, Reference, field_types
from dougong.spec.form import Field, Option
from dougong.spec.label import Label

ZH, EN = Locale("zh-CN"), Locale("en")
UID = "0190b2f0-5a5c-7c3e-8a44-0123456789ab"
UID2 = "0190b2f0-5a5c-7c3e-8a44-0123456789ac"
GRADES = {"a3": "三级甲等", "a2": "二级甲等", "other": "其他"}


@dataclass(frozen=True)
class Case:
    """`takes` are (written, value); `shows` (value, Chinese, English); `refuses` (written, code); `limits` values that check refuses."""

    type: str
    options: Mapping[str, Any] = field(default_factory=dict)
    takes: tuple[tuple[Any, Any], ...] = ()
    shows: tuple[tuple[Any, str, str], ...] = ()
    refuses: tuple[tuple[Any, str], ...] = ()
    limits: tuple[tuple[Any, str], ...] = ()

    @property
    def field(self) -> Field:
        return make(self.type, self.options)

    def __str__(self) -> str:
        return f"{self.type} {dict(self.options)}" if self.options else self.type


def make(type_: str, options: Mapping[str, Any] | None = None, **more: Any) -> Field:
    """A field as lang would compile it."""
    options = options or {}
    names = {id: text if isinstance(text, str) else text["name"] for id, text in options.get("options", {}).items()}
    choices = {id: Option(id, Label(name, {"en": f"{id} in English"})) for id, name in names.items()}
    labels = {o: Label(options[o]) for o, s in field_types[type_].schema.items() if s.get("format") == "label" and o in options}
    return Field(
        id="thing", name=Label("东西", {"en": "Thing"}), type=type_, key="thing", options={**options, **labels}, choices=choices,
        value=more.pop("value", None) or field_types[type_].value_type(options), **more,
    )  # fmt: skip


CASES = (
    Case(
        "text",
        takes=(
            ("  宁波骨科医院 \n", "宁波骨科医院"), ("a\tb\r\nc", "a b c"), ("e\u0301", "é"), (138, "138"), (5.0, "5"), ("", None),
            (None, None), (["x"], "x"),
            ("\u200b\ufeff", None), ("价格\u202e", "价格"), ("{{ 7*7 }}", "{{ 7*7 }}"), (date(2026, 3, 5), "2026-03-05"),
        ),
        shows=(("甲", "甲", "甲"), (None, "", "")),
        refuses=(
            ("a\x00b", "forbidden-character"), ("\ud800", "forbidden-character"), ("\x1b[31m", "forbidden-character"),
            ("x" * 501, "too-long"),
            ({"a": 1}, "not-a-text"), (True, "not-a-text"), (["a", "b"], "one-value-only"), (float("nan"), "not-a-number"),
        ),
    ),
    Case("text", {"length": [2, 4]}, takes=(("甲乙", "甲乙"),), limits=(("甲", "too-short"), ("甲乙丙丁戊", "too-long"))),
    Case("text", {"pattern": "[0-9]{6}"}, takes=(("315000", "315000"),), limits=(("3150000", "pattern-mismatch"),)),
    Case("text", {"pattern": "[0-9]{6}", "pattern_hint": "六位数字"}, limits=(("31500", "pattern-mismatch-hint"),)),
    Case("text", {"pattern": "(a+)+$"}, limits=(("a" * 499 + "b", "pattern-mismatch"),)),
    Case("long_text", takes=(("一\r\n二\t三 ", "一\n二\t三"), ("\n \n", None)), refuses=(("x" * 20_001, "too-long"),
        ("a\x07", "forbidden-character"))),
    Case(
        "rich_text",
        takes=(
            ("<p>你好</p>", "<p>你好</p>"), ("<p> </p>", None), ("<script>alert(1)</script>", None), ("a &lt; b", "a &lt; b"),
            ('<p onclick="x()">甲<img src=x onerror=alert(1)></p>', "<p>甲</p>"),
            ('<a href="javascript:alert(1)">甲</a>', '<a rel="noopener noreferrer">甲</a>'),
        ),
        shows=(("<p>甲</p><p>乙 &lt; 丙</p>", "甲 乙 < 丙", "甲 乙 < 丙"),),
        refuses=(("x" * 100_001, "too-long"),),
    ),
    Case(
        "integer",
        takes=(("１２３", 123), ("1,234", 1234), ("12万", 120000), ("3.0", 3), (" -5 ", -5), (7, 7), (7.0, 7), ("1 200", 1200), ("0", 0),
            ("-0", 0), ("", None)),
        shows=((1234567, "1,234,567", "1,234,567"), (None, "", "")),
        refuses=(
            ("1.5", "not-whole"), (1.5, "not-whole"), ("十二", "not-a-number"), ("1,23", "not-a-number"), ("1e5", "not-a-number"),
            (True, "not-a-number"),
            (10**12, "number-too-large"), ("-1000000000000", "number-too-large"), ("9" * 100_000, "not-a-number"), (float("inf"),
            "not-a-number"),
            ("NaN", "not-a-number"), ({}, "not-a-number"), ("--5", "not-a-number"), (",5", "not-a-number"), ("٣", "not-a-number"),
        ),
    ),
    Case("integer", {"range": [0, 100]}, takes=((100, 100),), limits=((-1, "below-range"), (101, "above-range"))),
    Case(
        "decimal",
        takes=(("1,234.5", Decimal("1234.50")), (0.1 + 0.2, Decimal("0.30")), ("．5", Decimal("0.50")), (2, Decimal("2.00")),
            (Decimal("1.2"), Decimal("1.20"))),
        shows=((Decimal("1234.50"), "1,234.50", "1,234.50"), (Decimal("-0.05"), "-0.05", "-0.05")),
        refuses=(("1.005", "too-precise"), (1e300, "number-too-large"), (1e-300, "number-too-large"), (".", "not-a-number"),
            ("1.2.3", "not-a-number")),
    ),
    Case("decimal", {"decimals": 4, "range": ["0.5", None]}, takes=(("0.7654", Decimal("0.7654")),), limits=((Decimal("0.4999"),
        "below-range"),)),
    Case(
        "money",
        takes=(
            ("￥1 200", Decimal("1200.00")), ("¥1,234.50", Decimal("1234.50")), ("128.6万", Decimal("1286000.00")),
            ("1.5亿元", Decimal("150000000.00")),
            ("1200元", Decimal("1200.00")), ("-¥3", Decimal("-3.00")), ("RMB 5", Decimal("5.00")), ("1,0000", Decimal("10000.00")),
        ),
        shows=((Decimal("1234.50"), "¥1,234.50", "¥1,234.50"), (Decimal("-3.00"), "-¥3.00", "-¥3.00")),
        refuses=(("0.001", "too-precise"), ("999999999999999", "number-too-large"), ("1万亿", "not-a-number")),
    ),
    Case(
        "percent",
        takes=(("12.5%", Decimal("0.1250")), ("12.5", Decimal("0.1250")), ("１０％", Decimal("0.1000")), (0.125, Decimal("0.1250")),
            (Decimal("0.5"), Decimal("0.5000"))),
        shows=((Decimal("0.1250"), "12.5%", "12.5%"), (Decimal("0.1000"), "10%", "10%"), (Decimal("1.0000"), "100%", "100%")),
        refuses=(("12.555%", "too-precise"), ("%", "not-a-number"), ("高", "not-a-number")),
    ),
    Case("percent", {"range": ["0%", "100%"]}, limits=((Decimal("1.0001"), "above-range"), (Decimal("-0.0001"), "below-range"))),
    Case("rating", takes=(("5", 5),), shows=((4, "4", "4"),), limits=((0, "below-range"), (6, "above-range"))),
    Case("rating", {"at_most": 10}, takes=(("10", 10),), limits=((11, "above-range"),)),
    Case("score", takes=(("80", 80),), limits=((-1, "below-range"), (101, "above-range"))),
    Case("score", {"range": [-50, 50]}, takes=((-50, -50),), limits=((51, "above-range"),)),
    Case(
        "yes_no",
        takes=(("是", True), ("否", False), ("on", True), ("", False), (None, False), (True, True), (0, False), (["0", "1"], True),
            (["0"], False), ("√", True), (" YES ", True)),
        shows=((True, "是", "Yes"), (False, "否", "No")),
        refuses=(("也许", "not-yes-or-no"), (2, "not-yes-or-no"), ({}, "not-a-text")),
    ),
    Case(
        "consent", {"statement": "我同意录音"},
        takes=(("1", True), (["0"], False)), shows=((True, "已同意", "Agreed"), (False, "未同意", "Not agreed")),
            refuses=(("嗯", "not-yes-or-no"),),
    ),
    Case(
        "choice", {"options": GRADES},
        takes=(("a3", "a3"), ("三级甲等", "a3"), (" 其他 ", "other"), ("A2 IN ENGLISH", "a2"), ("", None)),
        shows=(("a3", "三级甲等", "a3 in English"), ("gone", "gone", "gone"), (None, "", "")),
        refuses=(("三级", "unknown-option"), (3, "unknown-option"), ({"id": "a3"}, "not-a-text"), (["a3", "a2"], "one-value-only")),
    ),
    Case(
        "choices", {"options": {**GRADES, "both": "甲、乙"}, "at_most": 2},
        takes=((["a2", "a3", ""], ("a3", "a2")), ("其他、三级甲等", ("a3", "other")), ("甲、乙", ("both",)), ("", ()), (None, ()),
            ("a3", ("a3",))),
        shows=((("a3", "other"), "三级甲等、其他", "a3 in English, other in English"), ((), "", "")),
        refuses=((["a3", "b"], "unknown-option"), (7, "unknown-option"), ([["a3", "a2"]], "one-value-only")),
            limits=((("a3", "a2", "other"), "too-many"),),
    ),
    Case(
        "checklist", {"options": GRADES}, takes=((["other"], ("other",)), ("", ())), shows=((("a3", "other"), "2/3", "2/3"), ((),
        "", "")), refuses=(("b", "unknown-option"),),
    ),
    Case(
        "tags", {"at_most": 3},
        takes=(("采购，价格;采购", ("采购", "价格")), (["a", "b, c"], ("a", "b", "c")), ("", ()), (" ， ", ())),
        shows=((("采购", "价格"), "采购、价格", "采购, 价格"),),
        refuses=(("x" * 31, "too-long"), ([str(n) for n in range(31)], "too-many"), ([{}], "not-a-text")), limits=((("a", "b", "c", "d"),
            "too-many"),),
    ),
    Case(
        "date",
        takes=(
            ("2026-03-05", date(2026, 3, 5)), ("2026/3/5", date(2026, 3, 5)), ("2026年3月5日", date(2026, 3, 5)),
            ("２０２６．３．５", date(2026, 3, 5)),
            ("20260305", date(2026, 3, 5)), (date(2026, 3, 5), date(2026, 3, 5)), (datetime(2026, 3, 5, 9), date(2026, 3, 5)),
            ("2026-03-04T20:00:00Z", date(2026, 3, 5)), ("2026-03-05 09:00", date(2026, 3, 5)),
        ),
        shows=((date(2026, 3, 5), "2026年3月5日", "Mar 5, 2026"),),
        refuses=(
            ("2026-02-30", "no-such-day"), ("3月5日", "not-a-date"), ("0026-03-05", "year-beyond"), (46086, "not-a-date"),
            ("明天", "not-a-date"),
            ("2026-13-01", "no-such-day"), ("9999-12-31", "year-beyond"), ([1, 2], "one-value-only"), (True, "not-a-date"),
        ),
    ),
    Case("date", {"range": ["2026-01-01", None]}, limits=((date(2025, 12, 31), "below-range"),)),
    Case(
        "datetime",
        takes=(
            ("2026-03-05 14:30", datetime(2026, 3, 5, 6, 30, tzinfo=UTC)),
            ("2026-03-05T14:30:15.250", datetime(2026, 3, 5, 6, 30, 15, 250_000, UTC)),
            ("2026年3月5日 下午2点半", datetime(2026, 3, 5, 6, 30, tzinfo=UTC)),
            ("2026-03-05T14:30:00+09:00", datetime(2026, 3, 5, 5, 30, tzinfo=UTC)),
            ("2026-03-05", datetime(2026, 3, 4, 16, tzinfo=UTC)), ("2026-03-05T06:30:00.000Z", datetime(2026, 3, 5, 6, 30, tzinfo=UTC)),
            ("2026/3/5 9时5分", datetime(2026, 3, 5, 1, 5, tzinfo=UTC)), (datetime(2026, 3, 5, 14, 30),
            datetime(2026, 3, 5, 6, 30, tzinfo=UTC)),
        ),
        shows=((datetime(2026, 3, 5, 6, 30, tzinfo=UTC), "2026年3月5日 14:30", "Mar 5, 2026 14:30"),),
        refuses=(("2026-03-05 25:00", "not-a-datetime"), ("14:30", "not-a-datetime"), (1772692200, "not-a-date"),
            ("2026-03-05T14:30:00+99:99", "not-a-datetime")),
    ),
    Case(
        "time",
        takes=(("9:30", "09:30"), ("下午3点", "15:00"), ("3点半", "03:30"), ("9时5分", "09:05"), (clock(8, 45), "08:45"),
            ("２３：５９", "23:59"), ("2:30 PM", "14:30"), ("", None)),
        shows=(("09:30", "09:30", "09:30"),), refuses=(("24:00", "not-a-time"), ("12", "not-a-time"), (0.5, "not-a-time"),
            ("9:61", "not-a-time")),
    ),
    Case(
        "duration",
        takes=(
            ("2h 30m", Span(millis=9_000_000)), ("1小时30分", Span(millis=5_400_000)), ("3天", Span(days=3)),
            
            ("1周", Span(days=7)), ("1.5h", Span(millis=5_400_000)), ("1:30", Span(millis=5_400_000)), ("0s", Span()),
            ("1d 2h", Span(7_200_000, 1)),
        ),
        shows=((Span(days=3, millis=5_400_000), "3 天 1 小时 30 分钟", "3 days 1 hour 30 minutes"), (Span(), "0 秒", "0 seconds"),
            (Span(workdays=1), "1 个工作日", "1 workday")),
        refuses=(("3", "not-a-duration"), (3, "not-a-duration"), ("1.5d", "not-a-duration"), ("99999d", "not-a-duration"),
            ("三天", "not-a-duration"), ("2 workdays", "not-a-duration"), ("-1h", "not-a-duration")),
    ),
    Case(
        "date_range",
        takes=(
            ("2026-03-01 ~ 2026-03-31", (date(2026, 3, 1), date(2026, 3, 31))), ("2026年3月1日至2026年3月31日", (date(2026, 3, 1),
            date(2026, 3, 31))),
            (["2026-03-01", ""], (date(2026, 3, 1), None)), ({"from": None, "to": "2026-03-31"}, (None, date(2026, 3, 31))), (["", ""],
            None), ("", None), ({}, None),
            ("2026-03-01/2026-03-31", (date(2026, 3, 1), date(2026, 3, 31))), ("/2026-03-31", (None, date(2026, 3, 31))),
            ("2026-03-01/", (date(2026, 3, 1), None)),
        ),
        shows=(((date(2026, 3, 1), date(2026, 3, 31)), "2026年3月1日 – 2026年3月31日", "Mar 1, 2026 – Mar 31, 2026"), ((date(2026, 3, 1),
            None), "2026年3月1日 –", "Mar 1, 2026 –")),
        refuses=(
            (["2026-03-31", "2026-03-01"], "range-reversed"), ("2026-03-01", "not-a-date-range"), ({"start": 1}, "not-a-date-range"),
            (["a", "b", "c"], "one-value-only"),
            (5, "not-a-date-range"),
        ),
    ),
    Case("date_range", {"range": ["2026-01-01", "2026-12-31"]}, limits=(((date(2025, 1, 1), None), "below-range"),
        ((None, date(2027, 1, 1)), "above-range"))),
    Case(
        "period",
        takes=(("2026-03", "2026-03"), ("2026年3月", "2026-03"), ("202603", "2026-03"), ("2026/3", "2026-03"), ("2026-03-01", "2026-03"),
            ("", None)),
        shows=(("2026-03", "2026-03", "2026-03"),), refuses=(("2026-13", "not-a-period"), ("2026", "not-a-period"),
            ("三月", "not-a-period"), ({}, "not-a-text")),
    ),
    Case("period", {"unit": "quarter"}, takes=(("2026-Q1", "2026-Q1"), ("2026年第一季度", "2026-Q1"), ("2026q4", "2026-Q4")),
        refuses=(("2026-Q5", "not-a-period"),)),
    Case("period", {"unit": "year"}, takes=(("2026年", "2026"), (2026, "2026")), refuses=(("26", "not-a-period"),
        ("0001", "not-a-period"))),
    Case("period", {"unit": "week"}, takes=(("2026-W10", "2026-W10"), ("2026-W53", "2026-W53"), ("2026年第9周", "2026-W09")),
        refuses=(("2025-W53", "not-a-period"),)),
    Case(
        "phone",
        takes=(
            ("138 0000 0000", "13800000000"), ("+86 138-0000-0000", "13800000000"), ("１３８００００００００", "13800000000"),
            ("8613800000000", "13800000000"),
            ("0086 13800000000", "13800000000"), (13800000000, "13800000000"), (13800000000.0, "13800000000"),
            ("0571-88888888", "0571-88888888"),
            ("（0571）8888 8888 转 12", "0571-88888888-12"), ("010 65530000", "010-65530000"), ("+86 571 88888888", "0571-88888888"),
            ("88888888", "88888888"),
            ("400-820-8820", "4008208820"), ("+44 20 7946 0018", "+442079460018"), ("95588", "95588"), ("", None),
        ),
        shows=(("13800000000", "13800000000", "13800000000"),),
        refuses=(("1380000000", "not-a-phone"), ("abc", "not-a-phone"), ("138000000000", "not-a-phone"),
            ("13800000000; drop", "not-a-phone")),
    ),
    Case(
        "email", takes=((" Wang.Qiang@Example.COM ", "wang.qiang@example.com"), ("a+b@例子.中国", "a+b@例子.中国"),
        ("ａ@ｂ.ｃｎ", "a@b.cn")),
        refuses=(
            ("a@b", "not-an-email"), ("a b@c.cn", "not-an-email"), ("a@b.cn, c@d.cn", "not-an-email"), ("<a@b.cn>", "not-an-email"),
            ("a@b.cn\x00", "forbidden-character"),
            ("a@b.cn\nBcc: c@d.cn", "not-an-email"), ("@b.cn", "not-an-email"), ("a..b@c.cn", "not-an-email"),
            ("a" * 300 + "@b.cn", "too-long"),
        ),
    ),
    Case(
        "url",
        takes=(("https://例子.cn/a?b=1#c", "https://例子.cn/a?b=1#c"), ("www.example.com/x", "https://www.example.com/x"),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/")),
        refuses=(
            ("javascript:alert(1)", "not-a-link"), ("https://user:pw@example.com", "not-a-link"), ("ftp://example.com", "not-a-link"),
            ("//example.com", "not-a-link"),
            ("https://", "not-a-link"), ("https://a.cn:99999/", "not-a-link"), ('https://a.cn/"><script>', "not-a-link"),
            ("data:text/html,x", "not-a-link"), ("http://[", "not-a-link"),
        ),
    ),
    Case(
        "region",
        takes=(
            ("330200", "330200"), ("宁波", "330200"), ("浙江省宁波市", "330200"), ("浙江/宁波/海曙区", "330203"),
            ("浙江宁波海曙", "330203"), ("北京市", "110000"),
            ("北京市朝阳区", "110105"), ("", None),
        ),
        shows=(("330203", "浙江省宁波市海曙区", "浙江省宁波市海曙区"), ("110105", "北京市朝阳区", "北京市朝阳区"),
            ("999999", "999999", "999999")),
        refuses=(("火星", "not-a-region"), ("鼓楼区", "ambiguous-region"), ("999999", "not-a-region"), ({}, "not-a-text")),
            limits=(("330000", "region-too-coarse"),),
    ),
    Case("region", {"level": "province"}, takes=(("吉林", "220000"), ("吉林市", "220200"))),
    Case("region", {"level": "district"}, takes=(("330203", "330203"),), limits=(("330200", "region-too-coarse"),
        ("110000", "region-too-coarse"))),
    Case(
        "location",
        takes=(
            ("29.868, 121.544", {"lat": 29.868, "lng": 121.544}),
            ("29.868,121.544 ±12 骨科医院（北区）", {"lat": 29.868, "lng": 121.544, "accuracy": 12.0, "place": "骨科医院（北区）"}),
            ("２９．８，－１２１", {"lat": 29.8, "lng": -121.0}), ("0.000001, -0", {"lat": 0.000001, "lng": 0.0}),
            ({"lat": 29.8681234567, "lng": 121, "accuracy": 12, "place": " 骨科医院 "},
            {"lat": 29.868123, "lng": 121.0, "accuracy": 12.0, "place": "骨科医院"}),
            ('{"lat":1,"lng":2}', {"lat": 1.0, "lng": 2.0}), ("", None),
        ),
        shows=(({"lat": 29.868, "lng": 121.544}, "29.868000, 121.544000", "29.868000, 121.544000"),
            ({"lat": 1.0, "lng": 2.0, "place": "门口"}, "门口", "门口")),
        refuses=(
            ("91, 0", "not-a-location"), ({"lat": 1}, "not-a-location"), ({"lat": "1", "lng": 2}, "not-a-location"),
            ("这里", "not-a-location"), ("[" * 400, "not-a-location"),
            ({"lat": float("nan"), "lng": 0}, "not-a-location"), ({"lat": 1, "lng": 2, "x": 3}, "not-a-location"), (5, "not-a-location"),
        ),
    ),
    Case(
        "link", {"to": "customer"},
        takes=((UID.upper(), Reference(uid=UID)), ({"uid": UID, "title": "x"}, Reference(uid=UID)),
            ("宁波骨科医院", Reference(words="宁波骨科医院")), (7, Reference(words="7")), ("", None)),
        refuses=(({"uid": "7"}, "not-a-record"), ({}, "not-a-record"), ([UID, UID2], "one-value-only"), ("\x00", "forbidden-character")),
    ),
    Case("user", takes=((UID, Reference(uid=UID)), ("wang@example.com", Reference(words="wang@example.com"))), refuses=(({"id": 1},
        "not-a-record"),)),
    Case("team", takes=((UID, Reference(uid=UID)),), refuses=((True, "not-a-text"),)),
    Case("users", takes=(([UID, UID2, UID, ""], (Reference(uid=UID), Reference(uid=UID2))), ("王强、李敏", (Reference(words="王强"),
        Reference(words="李敏"))), ("", ())),
         refuses=(([{}], "not-a-record"), ([str(n) for n in range(201)], "too-many"))),
    Case("links", {"to": "product"}, takes=(([UID], (Reference(uid=UID),)), (None, ())), refuses=(([1.5e300], "number-too-large"),)),
    Case(
        "lines", {"columns": {"qty": {"type": "integer"}}, "at_most": 2},
        takes=(([{"qty": "1"}, {"qty": ""}], ({"qty": "1"},)), (None, ()), ([], ()), ([{"uid": UID, "qty": ""}],
            ({"uid": UID, "qty": ""},))),
        refuses=(("x", "not-lines"), ([1], "not-lines"), ([{1: 2}], "not-lines"), ({"qty": 1}, "not-lines"),
            ([{"qty": 1}] * 501, "too-many")),
        limits=((({}, {}, {}), "too-many"),),
    ),
    Case("related", {"of": "visit.customer"}, refuses=(("x", "not-entered"),)),
    Case("formula", {"formula": "1 + 1"}, shows=(("甲", "甲", "甲"),), refuses=(("x", "not-entered"),)),
    Case("lookup", {"of": "customer.name"}, shows=((None, "", ""),), refuses=(("x", "not-entered"),)),
    Case("serial", {"value": "Q{{ name }}"}, shows=(("Q1", "Q1", "Q1"),), refuses=(("Q1", "not-entered"),)),
    Case(
        "file", takes=((UID.upper(), UID), (["", UID], UID), ("", None)), shows=((UID, "1 个文件", "1 file"), (None, "", "")),
        refuses=(("../etc/passwd", "not-an-attachment"), (5, "not-an-attachment"), ({"uid": UID}, "not-an-attachment"),
            (UID + "\x00", "forbidden-character")),
    ),
    Case("file", {"many": True}, takes=(([UID, "", UID2, UID], (UID, UID2)), (None, ())), shows=(((UID, UID2), "2 个文件", "2 files"),
        ((), "", "")), refuses=(([UID] * 21, "too-many"),)),
    Case("image", {"camera_only": True, "watermark": ["time", "person"]}, takes=((UID, UID),), refuses=(("x", "not-an-attachment"),)),
    Case("audio", {"at_most": "15s"}, takes=((UID, UID),), refuses=(("x", "not-an-attachment"),)),
    Case("video", {"size": "50MB"}, takes=((UID, UID),), refuses=(("x", "not-an-attachment"),)),
    Case("signature", takes=((UID, UID), (None, None)), refuses=(("data:image/png;base64,AAAA", "not-an-attachment"),)),
    Case("code", takes=((6901234567892, "6901234567892"), (" https://a.cn/x ", "https://a.cn/x")), refuses=(("x" * 301, "too-long"),)),
    Case("colour", takes=(("#1B5A88", "#1b5a88"), ("abc", "#aabbcc"), ("", None)), shows=(("#1b5a88", "#1b5a88", "#1b5a88"),),
        refuses=(("red", "not-a-colour"), ("#12345", "not-a-colour"))),
    Case(
        "json",
        takes=(('{"b": [1, 2.5, null], "a": "甲"}', {"b": [1, 2.5, None], "a": "甲"}), ([1], [1]), ("[]", []), ("", None), ("null", None),
            (None, None)),
        shows=(({"a": 1, "b": [True, None]}, "a: 1, b: true, ", "a: 1, b: true, "),),
        refuses=(
            ("{", "not-json"), ("NaN", "not-json"), ('{"a": NaN}', "not-json"), ("[1e400]", "not-json"), ('{"a":1,"a":2}', "not-json"),
            ("[" * 50_000, "not-json"), ("5", "not-json"),
            ('["\\ud800"]', "forbidden-character"), ("[" * 40 + "]" * 40, "not-json"), ([9**99], "not-json"), ([10**400], "not-json"),
            ([object()], "not-json"),
            ("[" + "9" * 10_000 + "]", "not-json"), ("x" * 70_000, "not-json"), ('["\\u0000"]', "forbidden-character"), ({1: 2},
            "not-json"), ("\ufeff[]", "not-json"),
        ),
    ),
    Case(
        "secret",
        takes=((" s3cr et-钥 ", Hidden("s3cr et-钥")), ("", None), (None, None), ("••••", Hidden("••••")), (138, Hidden("138"))),
        shows=((Hidden("abc"), "••••", "••••"), (None, "", "")),
        refuses=(("x" * 4001, "too-long"), ("a\x00b", "forbidden-character"), (["a", "b"], "one-value-only"), ({"a": 1}, "not-a-text")),
    ),
    Case("secret", {"in_headers": True}, takes=(("Bearer 7", Hidden("Bearer 7")),)),
)  # fmt: skip
