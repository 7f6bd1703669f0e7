"""Moving instants by days and workdays: never backwards, whatever the zone's clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dougong.expr.types import DATETIME, Calendar, Span
from tests.expr.world import Record, World, compile_, node_job, node_values

ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Havana", "Australia/Lord_Howe",
         "Pacific/Apia", "Asia/Beirut", "America/St_Johns", "Africa/Casablanca"]  # fmt: skip
JUMPS = [  # instants around which clocks of these zones jump
    datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC), datetime(2018, 2, 18, 2, tzinfo=UTC), datetime(2018, 11, 4, 3, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2011, 12, 30, 10, tzinfo=UTC), datetime(2010, 11, 7, 2, 31, tzinfo=UTC),
]  # fmt: skip
HOLIDAYS = frozenset({date(2026, 3, 30), date(2026, 11, 2), date(2018, 11, 5)})


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """Mostly near a jump of some clock."""
    near = draw(st.sampled_from(JUMPS)) + timedelta(days=draw(st.integers(-3, 3)))
    return near + timedelta(milliseconds=draw(st.integers(-3 * 3_600_000, 3 * 3_600_000)))


SPANS = st.builds(Span, st.sampled_from([0, 3_600_000, -90_000]), st.integers(-4, 4), st.integers(-4, 4))


@settings(max_examples=1500, deadline=None)
@given(zone=st.sampled_from(ZONES), at=instants(), later=st.integers(0, 5 * 3_600_000), span=SPANS)
def test_a_later_instant_never_moves_to_an_earlier_one(zone: str, at: datetime, later: int, span: Span) -> None:
    calendar = Calendar(zone=ZoneInfo(zone), holidays=HOLIDAYS, make_up_days=frozenset({date(2026, 3, 28)}))
    assert calendar.plus(at, span) <= calendar.plus(at + timedelta(milliseconds=later), span)


@settings(max_examples=300, deadline=None)
@given(zone=st.sampled_from(ZONES), at=instants())
def test_a_day_begins_no_later_than_any_of_its_instants(zone: str, at: datetime) -> None:
    calendar = Calendar(zone=ZoneInfo(zone))
    assert calendar.start_of(calendar.day_of(at)) <= at


@pytest.mark.parametrize(
    ("zone", "at", "span", "expected"),
    [
        ("Asia/Shanghai", "2026-02-27T09:00+08:00", Span(workdays=2), "2026-03-03T09:00+08:00"),
        ("Asia/Shanghai", "2026-02-28T15:00+08:00", Span(workdays=2), "2026-03-04T00:00+08:00"),
        ("Asia/Shanghai", "2026-02-28T15:00+08:00", Span(workdays=-1), "2026-02-27T00:00+08:00"),
        ("Asia/Shanghai", "2026-03-02T09:00+08:00", Span(days=-1, millis=60_000), "2026-03-01T09:01+08:00"),
        ("America/New_York", "2026-03-07T02:30-05:00", Span(days=1), "2026-03-08T03:00-04:00"),
        ("America/New_York", "2026-11-01T01:30-05:00", Span(days=1), "2026-11-02T02:00-05:00"),
        ("America/New_York", "2026-11-01T01:30-04:00", Span(days=1), "2026-11-02T01:30-05:00"),
        ("America/New_York", "2026-03-07T09:00-05:00", Span(days=1), "2026-03-08T09:00-04:00"),
        ("Pacific/Apia", "2011-12-29T09:00-10:00", Span(days=1), "2011-12-31T00:00+14:00"),
    ],
)
def test_days_keep_the_wall_clock_where_it_exists(zone: str, at: str, span: Span, expected: str) -> None:
    assert Calendar(zone=ZoneInfo(zone)).plus(datetime.fromisoformat(at), span) == datetime.fromisoformat(expected)


def test_a_calendar_without_workdays_is_given_up_at_once() -> None:
    with pytest.raises(OverflowError):
        Calendar(week=()).plus(datetime(2026, 3, 2, tzinfo=UTC), Span(workdays=1))


def test_the_browser_moves_instants_alike() -> None:
    """The same arithmetic in calendar.js, every half hour around every jump, in every zone."""
    world = World([Record({"at": None})])
    moves = [compile_(f"at + {span}") for span in ("days(1)", "days(-1)", "workdays(2)", "workdays(-1)", "hours(5)")]
    jobs, expected = [], []
    for zone in ZONES:
        for at in (jump + timedelta(minutes=30 * step) for jump in JUMPS for step in range(-8, 9, 2)):
            world.rows["s.thing"][1]["at"] = at
            for move in moves:
                jobs.append(node_job(move, world, world.things[0], zone=zone))
                expected.append((zone, at, move.source, world.python(move, world.things[0], zone=zone)))
    answers = node_values(jobs, [DATETIME] * len(jobs))
    assert [(*e[:3], answer) for e, answer in zip(expected, answers, strict=True)] == expected
