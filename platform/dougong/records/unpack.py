"""Reads a workbook in a process of its own: its first sheet, a JSON list per line, empty cells as ''.

A workbook of a few kilobytes can ask for any amount of memory and time (THREATS S26: far corners, shared strings repeated a million
times, members that say they are small); so whoever reads it may have only so much of either, and the server goes on without it.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

MEMORY, SECONDS = 512 * 2**20, 60
UNREADABLE = 3
"""Exit status: what is said about it stands on stderr."""


def cell(value: Any) -> str | int | float:
    """Whole numbers without '.0', dates in ISO."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
        case time() | timedelta():
            return str(value)
        case None:
            return ""
        case _:
            return str(value)


def main(path: str) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        for line in CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows():
            print(json.dumps([cell(value) for value in line]))
    except CalamineError as error:
        print(str(error)[:200], file=sys.stderr)
        return UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
