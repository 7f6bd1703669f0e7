"""The sales template walked in Chinese and in English: beside what people wrote, no word of the other language stands on a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from dougong.runtime import Runtime
from dougong.settings import Settings
from tests.web.conftest import Site, build, staff

ROOT = Path(__file__).parents[2]
PEOPLE = {"li": ("Li Min", "supervisor", ""), "wang": ("Wang Qiang", "salesperson", "li"), "zhou": ("Zhou Liqun", "director", "")}
FORMS = ("lead", "customer", "contact", "opportunity", "visit", "task", "quote", "contract", "alert")
OWN = ("/", "/inbox", "/runs", "/me", "/me/devices", "/me/tokens", "/search?q=Ningbo")
WORKSPACE = (
    "/apps", "/apps/sales/plan", "/people", "/people/new", "/people/paste", "/people/teams", "/people/roles", "/settings", "/runs", "/me",
)
OURS = {
    "en": "甬城器械|管理员|中文|王强|李敏|我同意销售人员就产品与服务与我联系|第一个应用|客户, 拜访记录|合同谈判",
    "zh": r"Li Min|Wang Qiang|Zhou Liqun|Ningbo|Orthopaedic|NBO|"
    r"[0-9a-f]{8}-|Hip joints|Liu Fang|user\.wang|Ctrl K|Enter|Esc|API|SQLite|Asia/Shanghai|English|Chrome|CSV|xlsx"
    r"|sales|test|[Vv]isit|python|admin",
}
"""What is no word of a page: names, what people wrote, what is written alike everywhere, a title made of a choice."""
WRITTEN = re.compile(r"“[^”<]*”")
"""What a rule's sentence quotes: texts that the rule writes into records, in the workspace's language."""
FOREIGN = {"en": r"[㐀-鿿、。，；「」]+", "zh": r"[A-Za-z]{3,}"}


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("sales")
    made = build(home, ROOT / "app_templates" / "sales")
    staff(made, "sales", PEOPLE)
    made.runtime.close()
    site = Site(Runtime(replace(Settings.read({}), home=home, database_url=f"sqlite:///{home / 'dougong.db'}")), made.people)
    yield site
    site.runtime.close()


@pytest.fixture(scope="module")
def records(sales: Site) -> list[str]:
    """Addresses of one record of each of the main forms."""
    customer = sales.make("wang", "sales.customer", name="Ningbo Orthopaedic", short="NBO", phone="13800000000", region="zhejiang")
    deal = sales.make("wang", "sales.opportunity", customer=customer, name="Hip joints", amount="640000")
    call = sales.make("wang", "sales.visit", customer=customer, kind="talk", goal="show")
    person = sales.make("wang", "sales.contact", customer=customer, name="Liu Fang", part="buyer")
    sales.runtime.work()
    made = {"customer": customer, "opportunity": deal, "visit": call, "contact": person}
    return [f"/a/sales/{form}/{uid}{part}" for form, uid in made.items() for part in ("", "/edit")]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("who", ["wang", "li", "zhou", "admin"])
def test_every_page_speaks_the_reader_s_language(sales: Site, records: list[str], who: str, language: str) -> None:
    with sales.runtime.store.write() as connection:
        connection.exec_driver_sql(f"update dg_user set language = '{language}'")
    visitor = sales.client(who, language)
    lists = [f"/a/sales/{form}{part}" for form in FORMS for part in ("", "/new")]
    addresses = WORKSPACE if who == "admin" else (*OWN, *lists, *records)
    faults, walked = {}, 0
    for address in addresses:
        answer = visitor.get(address)
        walked += answer.status_code == 200
        assert answer.status_code < 500, address
        if found := sorted(set(re.findall(FOREIGN[language], re.sub(OURS[language], " ", spoken(WRITTEN.sub("", answer.text)))))):
            faults[address] = found
    assert not faults
    assert walked >= len(addresses) / 2


def spoken(page: str) -> str:
    """What a person reads or hears of a page: its text, and the words of labels and hints."""
    page = re.sub(r"<(script|style|pre|code)\b.*?</\1>", " ", page, flags=re.S)
    heard = re.findall(r'\s(?:aria-label|title|placeholder|alt)="([^"]*)"', page)
    return unescape(" ".join([re.sub(r"<[^>]+>", " ", page), *heard]))


@pytest.mark.parametrize(
    ("language", "heading", "nothing"), [("en", "New customer", "There is no contract yet."), ("zh", "新建客户", "还没有合同。")]
)
def test_names_stand_in_sentences_as_the_language_writes_them(sales: Site, language: str, heading: str, nothing: str) -> None:
    with sales.runtime.store.write() as connection:
        connection.exec_driver_sql(f"update dg_user set language = '{language}'")
    wang = sales.client("wang", language)
    assert f"<h1>{heading}</h1>" in wang.get("/a/sales/customer/new").text
    assert nothing in wang.get("/a/sales/contract").text
