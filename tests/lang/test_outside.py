"""What a mistake in `public:` and `ask_later:` gets. ⟦…⟧ stands around the words that are to be underlined."""

from __future__ import annotations

from datetime import date

import pytest

from dougong.expr.types import Span
from tests.lang.test_mistakes import place_of
from tests.lang.vocabulary import compiled

FIELDS = (
    "form: a\nfields:\n  name: {type: text, required: true}\n  note: {type: text}\n  who: {type: user}\n  to: {type: link, to: customer}\n"
    '  twice: {type: formula, formula: "name"}\n  ok: {type: yes_no}\n  at: {type: datetime}\n  many: {type: links, to: customer}\n'
    "  rows: {type: lines, columns: {x: {type: text}}}\n"
)

MISTAKES = [
    ("public: {title: 表, ⟦feilds⟧: [name], fields: [name]}", "unknown-key"),
    ("⟦public⟧: {fields: [name]}", "missing-key"),
    ("⟦public⟧: {title: 表}", "missing-key"),
    ("public: {title: 表, fields: ⟦[]⟧}", "too-few-items"),
    ("public: {title: 表, fields: ⟦name⟧}", "wrong-type"),
    ("public: {title: 表, fields: [name, ⟦nmae⟧]}", "unknown-field"),
    ("public: {title: 表, fields: [name, ⟦to⟧]}", "public-picks-records"),
    ("public: {title: 表, fields: [name, ⟦who⟧]}", "public-picks-records"),
    ("public: {title: 表, fields: [name, ⟦many⟧]}", "public-picks-records"),
    ("public: {title: 表, fields: [name, ⟦rows⟧]}", "public-picks-records"),
    ("public: {title: 表, fields: [name, ⟦owner⟧]}", "public-picks-records"),
    ("public: {title: 表, fields: [name, ⟦twice⟧]}", "public-not-entered"),
    ("public: {title: 表, fields: [name, ⟦created_at⟧]}", "public-not-entered"),
    ("public: {title: 表, ⟦fields⟧: [note]}", "public-required-missing"),
    ("public: {title: 表, fields: [name], open_until: ⟦soon⟧}", "wrong-pattern"),
    ("public: {title: 表, fields: [name], open_until: ⟦2026-02-30⟧}", "public-no-such-day"),
    ("public: {title: 表, fields: [name], at_most_per_day: ⟦0⟧}", "option-too-small"),
    ("public: {title: 表, fields: [name], embed: ['⟦*⟧']}", "wrong-pattern"),
    ("public: {title: 表, fields: [name], embed: [⟦https://x.example/page⟧]}", "wrong-pattern"),
    ("ask_later: [{since: ⟦name⟧, within: 2h, fields: [note]}]", "since-not-a-time"),
    ("ask_later: [{since: ⟦att⟧, within: 2h, fields: [note]}]", "unknown-field"),
    ("ask_later: [{since: at, within: ⟦2⟧, fields: [note]}]", "bad-duration"),
    ("ask_later: [{since: at, within: 2h, fields: [⟦twice⟧]}]", "not-asked-for"),
    ("ask_later: [{since: at, within: 2h, fields: [⟦ok⟧]}]", "not-asked-for"),
    ("ask_later: [{since: at, within: 2h, fields: [⟦rows⟧]}]", "not-asked-for"),
    ("ask_later: [{since: at, within: 2h, fields: [note], before: ⟦note⟧, message: 先补}]", "before-not-yes-no"),
    ("ask_later: [{since: at, within: 2h, fields: [note], before: ⟦okk⟧, message: 先补}]", "unknown-field"),
    ("ask_later: [⟦{⟧since: at, within: 2h, fields: [note], before: ok}]", "no-message"),
    (
        "ask_later:\n  - {id: x, since: at, within: 2h, fields: [note]}\n  - {id: ⟦x⟧, since: at, within: 2h, fields: [name]}",
        "duplicate-item-id",
    ),
]


@pytest.mark.parametrize(("text", "code"), MISTAKES)
def test_a_mistake_is_reported_at_its_words(text: str, code: str) -> None:
    source, mark = place_of(FIELDS + text + "\n")
    result = compiled({"x.yaml": source})
    assert [(p.code, p.mark.line, p.mark.column) for p in result.problems] == [(code, mark.line, mark.column)]
    assert result.app is None


def test_what_is_right_is_kept_as_it_means() -> None:
    text = 'public: {title: 表, fields: [note, name], open_until: "2026-12-31", at_most_per_day: 9, embed: ["https://x.example:8443"]}\n'
    text += "ask_later: [{id: x, since: at, within: 2h, fields: [note], before: ok, message: 先补}]\n"
    app = compiled({"x.yaml": FIELDS + text}).app
    assert app
    public, (later,) = app.forms["a"].public, app.forms["a"].ask_later
    assert public and (public.fields, public.open_until, public.at_most_per_day) == (("note", "name"), date(2026, 12, 31), 9)
    assert public.embed == ("https://x.example:8443",)
    assert (later.since, later.within, later.fields, later.before) == ("at", Span(millis=7_200_000), ("note",), "ok")


def test_a_stage_may_be_what_stands_behind_the_asking() -> None:
    def told(stage: str) -> list[str]:
        source = "form: a\nfields: {name: {type: text}, at: {type: datetime}}\n"
        source += f"ask_later: [{{since: at, within: 1d, fields: [name], before: {stage}, message: 先补}}]\n"
        source += "---\nworkflow: flow\nform: a\nstages: [{id: one, name: 一}, {id: two, name: 二, final: true}]\n"
        return [p.code for p in compiled({"x.yaml": source}).problems]

    assert (told("two"), told("three")) == ([], ["unknown-stage"])
