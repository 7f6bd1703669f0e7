"""Lists: views, filters, search, sorting, pages, and the filtered list as a file."""

from __future__ import annotations

import csv
import io
import re

import pytest
import python_calamine

from tests.web.conftest import Site


@pytest.fixture
def names(site: Site) -> list[str]:
    made = ["宁波骨科医院", "宁波市第一医院", "慈溪市人民医院", "象山中医院", "奉化保健院"]
    for place, name in enumerate(made):
        site.make("wang", "deals.client", name=name, phone=f"1380000000{place}", grade="abc"[place % 3], cost=str(place * 100))
    return made


def shown(page: str) -> list[str]:
    cells = re.findall(r'<td class="name"><a href="[^"]+">(.*?)</a>', page, re.S)
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]


def test_the_newest_record_stands_first(site: Site, names: list[str]) -> None:
    assert shown(site.client("wang").get("/a/deals/client").text) == names[::-1]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ("q=宁波", ["宁波市第一医院", "宁波骨科医院"]),
        ("q=nbgk", ["宁波骨科医院"]),
        ("q=13800000003", ["象山中医院"]),
        ("f.grade.in=a", ["象山中医院", "宁波骨科医院"]),
        ("f.grade.in=a&f.cost.ge=100", ["象山中医院"]),
        ("f.cost.ge=100&f.cost.le=200", ["慈溪市人民医院", "宁波市第一医院"]),
        ("f.name.has=第一", ["宁波市第一医院"]),
        ("f.owner.is=me&q=象山", ["象山中医院"]),
        ("f.mail.filled=1", []),
        ("sort=cost&q=宁波", ["宁波骨科医院", "宁波市第一医院"]),
        ("sort=-cost&q=宁波", ["宁波市第一医院", "宁波骨科医院"]),
        ("f.pool.in=green", ["象山中医院", "宁波骨科医院"]),
    ],
)
def test_what_the_address_says_is_what_the_list_shows(site: Site, names: list[str], args: str, expected: list[str]) -> None:
    visitor = site.client("wang")
    page = visitor.get(f"/a/deals/client?{args}")
    assert page.status_code == 200
    assert shown(page.text) == expected
    said = visitor.get(f"/a/deals/client/count?{args}").text.strip()
    assert said == (f"看 {len(expected)} 条" if expected else "没有符合的")


@pytest.mark.parametrize(
    "args", ["f.secret.has=x", "f.nothing.is=1", "sort=secret", "sort=nothing", "f.cost.ge=abc", "after=rubbish", "f.grade.lt=a"]
)
def test_what_may_not_or_can_not_be_asked_is_said_and_nothing_is_shown(site: Site, names: list[str], args: str) -> None:
    page = site.client("wang").get(f"/a/deals/client?{args}")
    assert page.status_code == 422
    assert shown(page.text) == [] and 'role="alert"' in page.text


def test_pages_follow_one_another_without_a_gap(site: Site) -> None:
    client = site.make("wang", "deals.client", name="乙", phone="13800000001")
    for place in range(120):
        site.make("wang", "deals.call", client=client, kind="first", next_action=f"第{place}步")
    visitor, url, seen = site.client("wang"), "/a/deals/call", 0
    while url:
        page = visitor.get(url).text
        seen += len(shown(page))
        found = re.search(r'href="([^"]+)" data-key="l"', page)
        url = found[1].replace("&amp;", "&") if found else ""
    assert seen == 120


def test_a_part_is_all_that_htmx_gets_and_going_back_gets_the_page(site: Site, names: list[str]) -> None:
    visitor = site.client("wang")
    part = visitor.get("/a/deals/client?q=宁波", headers={"HX-Request": "true", "HX-Target": "list"}).text
    whole = visitor.get(
        "/a/deals/client?q=宁波", headers={"HX-Request": "true", "HX-Target": "list", "HX-History-Restore-Request": "true"}
    ).text
    assert "<html" not in part and shown(part) == shown(whole)
    assert "<html" in whole


def test_a_colleague_s_records_are_not_there(site: Site, names: list[str]) -> None:
    assert shown(site.client("zhou").get("/a/deals/client").text) == []
    assert len(shown(site.client("li").get("/a/deals/client").text)) == len(names)


def test_an_empty_list_says_so_and_offers_the_first_record(site: Site) -> None:
    page = site.client("wang").get("/a/deals/client").text
    assert "还没有客户" in page and "/a/deals/client/new" in page


def exported(site: Site, who: str, args: str = "") -> list[list[str]]:
    answer = site.client(who).get(f"/a/deals/client/export.csv?{args}")
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    assert answer.text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(answer.text[1:])))


def test_the_file_holds_the_filtered_list(site: Site, names: list[str]) -> None:
    rows = exported(site, "wang", "q=宁波&sort=cost")
    assert rows[0][:4] == ["客户名称", "手机", "邮箱", "等级"]
    assert [row[0] for row in rows[1:]] == ["宁波骨科医院", "宁波市第一医院"]
    assert [row[rows[0].index("底价")] for row in rows[1:]] == ["0.00", "100.00"]


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@SUM(A1)", "＝1+1", '"=1', " =1", "＋1", "=HYPERLINK(1)"])
def test_no_cell_runs_in_a_spreadsheet(site: Site, text: str) -> None:
    site.make("wang", "deals.client", name=text, phone="13800000000", remark=text, cost="-5")
    rows = exported(site, "wang")
    assert rows[1][0] == f"'{text.strip()}" and rows[1][rows[0].index("备注")] == f"'{text.strip()}"
    assert rows[1][rows[0].index("底价")] == "-5.00"


def test_the_workbook_holds_the_same(site: Site, names: list[str]) -> None:
    answer = site.client("wang").get("/a/deals/client/export.xlsx?q=宁波&sort=cost")
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == ["宁波骨科医院", "宁波市第一医院"]
    assert [row[rows[0].index("底价")] for row in rows[1:]] == [0.0, 100.0]


def test_who_may_not_export_gets_nothing(site: Site, names: list[str]) -> None:
    site.make("wang", "deals.deal", name="单", client=site.make("wang", "deals.client", name="丙", phone="13800000009"))
    assert site.client("wang").get("/a/deals/deal/export.csv").status_code == 404
    assert site.client("li").get("/a/deals/deal/export.csv").status_code == 200


def test_search_marks_what_it_found(site: Site, names: list[str]) -> None:
    assert "<mark>宁波骨科</mark>医院" in site.client("wang").get("/a/deals/client?q=nbgk").text


def test_everything_is_searched_at_once(site: Site, names: list[str]) -> None:
    found = site.client("wang").get("/search?q=宁波", headers={"Accept": "application/json"}).json
    assert found and {row["text"] for row in found} == {"宁波骨科医院", "宁波市第一医院"}
    assert all(row["url"].startswith("/a/deals/client/") for row in found)
