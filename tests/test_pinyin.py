"""What is remembered of words never changes how a text is read, and nothing is loaded before there is one."""

from __future__ import annotations

import random
import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin

from dougong import pinyin
from tests.benchmarks import seed

SELDOM = ("pypinyin", "redis", "rq", "psycopg", "xlsxwriter", "weasyprint")
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF) | st.sampled_from("重庆银行长沙乐山单于、。 aB9（）"), max_size=30)


def read(text: str) -> tuple[str, str]:
    return "".join(lazy_pinyin(text)), "".join(lazy_pinyin(text, style=Style.FIRST_LETTER))


@settings(max_examples=200, deadline=None)
@given(HAN)
def test_a_text_is_read_as_the_library_reads_it(text: str) -> None:
    assert (pinyin.pinyin(text), pinyin.initials(text)) == read(text)


def test_names_of_companies_are_read_as_the_library_reads_them_the_second_time_too() -> None:
    dice = random.Random(1)
    for name in [seed.name(dice) for _ in range(300)] * 2:
        assert (pinyin.pinyin(name), pinyin.initials(name)) == read(name)


def test_texts_are_in_the_order_of_a_phones_contacts() -> None:
    listed = ["007", "9号", "阿里", "A市", "ABC", "abc", "安徽", "鲍家街", "长沙", "重庆", "李丽", "李莉", "西安", "先锋", "Zebra", "🐼"]
    assert sorted(reversed(listed), key=pinyin.order) == listed
    assert pinyin.order(" Ａ  阿\t") == "a a\x01 Ａ  阿\t"
    assert len(pinyin.order("庄" * 500).encode()) < 1_000


def test_a_web_process_loads_at_its_start_only_what_every_page_needs() -> None:
    told = f"import sys, dougong.cli.serve; print(*sys.modules.keys() & set({SELDOM!r}))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
