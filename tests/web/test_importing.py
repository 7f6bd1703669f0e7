"""The import page: upload, mapping, a trial that saves nothing, the import, the rows that stayed out."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from playwright.sync_api import Page
from sqlalchemy import func, select

from tests.web.conftest import PHONE, Site

TABLE = "客户名称,手机,不认识\n宁波一院,13800000001,x\n,13800000002,y\n宁波三院,不是号码,z\n宁波四院,13800000004,\n"


def count(site: Site) -> int:
    table = site.runtime.workspace().tables["deals.client"]
    with site.runtime.store.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, page[-3000:]
    return found[1]


def test_a_table_is_tried_then_imported_and_its_faults_are_a_file(site: Site) -> None:
    li = site.client("li")
    asked = li.get("/a/deals/client/import")
    assert asked.status_code == 200
    page = li.post("/a/deals/client/import", {"file": (io.BytesIO(TABLE.encode()), "clients.csv")}, content_type="multipart/form-data")
    assert page.status_code == 200 and 'option value="name" selected' in page.text and 'option value="phone" selected' in page.text
    told = {"table": hidden(page.text, "table"), "column.0": "name", "column.1": "phone", "column.2": ""}
    tried = li.post("/a/deals/client/import/try", told)
    assert tried.status_code == 303
    before = count(site)
    site.runtime.work()
    result = li.get(tried.location)
    assert count(site) == before and "还没有保存" in result.text and "第 3 行" in result.text
    started = li.post(tried.location + "/start")
    site.runtime.work()
    done = li.get(started.location)
    assert count(site) == before + 2 and "导入完成" in done.text
    faults = li.get(started.location + "/errors.csv").text
    assert faults.startswith("\ufeff行号 Row") and "不是号码" in faults and "13800000002" in faults
    for address in (tried.location, started.location, started.location + "/errors.csv"):
        assert site.client("wang").get(address).status_code == 404


def test_a_wrong_table_or_mapping_is_said_at_once(site: Site) -> None:
    li = site.client("li")
    nothing = li.post("/a/deals/client/import", {}, content_type="multipart/form-data")
    assert nothing.status_code == 422 and "请先选择" in nothing.text
    binary = li.post("/a/deals/client/import", {"file": (io.BytesIO(b"\xff\x00\x81"), "x.csv")}, content_type="multipart/form-data")
    assert binary.status_code == 422
    page = li.post("/a/deals/client/import", {"file": (io.BytesIO(TABLE.encode()), "clients.csv")}, content_type="multipart/form-data")
    table = hidden(page.text, "table")
    assert li.post("/a/deals/client/import/try", {"table": table}).status_code == 422
    assert li.post("/a/deals/client/import/try", {"table": table, "column.0": "name", "column.1": "name"}).status_code == 422
    assert li.post("/a/deals/client/import/try", {"table": table[:-2] + "xx", "column.0": "name"}).status_code == 404
    assert site.client("wang").get("/a/deals/client/import").status_code == 404


def test_on_a_phone_it_goes_from_upload_to_the_list(site: Site, visit: Callable[..., Page]) -> None:
    page = visit("li", PHONE)
    page.goto("/a/deals/client/import")
    page.set_input_files("input[type=file]", {"name": "clients.csv", "mimeType": "text/csv", "buffer": TABLE.encode()})
    page.click("button.primary")
    page.wait_for_selector("select[name='column.0']")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.click("button.primary")
    page.wait_for_selector("#import progress")
    site.runtime.work()
    page.wait_for_selector("form[action$='/start'] button")
    page.click("form[action$='/start'] button")
    page.wait_for_url("**/import/*")
    site.runtime.work()
    page.wait_for_selector(".actions a.primary")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
