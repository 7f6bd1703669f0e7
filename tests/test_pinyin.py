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


def test_a_web_process_loads_at_its_start_only_what_every_page_needs() -> None:
    told = f"import sys, dougong.cli.serve; print(*sys.modules.keys() & set({SELDOM!r}))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
