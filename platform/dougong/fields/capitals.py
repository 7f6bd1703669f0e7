"""Amounts in the Chinese numerals that contracts and receipts are written with: ¥1,234.50 is 壹仟贰佰叁拾肆元伍角."""

from __future__ import annotations

from decimal import Decimal

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def capitals(amount: Decimal) -> str:
    """Below 10^12, to the fen (rounded half up); 整 closes a whole number of yuan, as the payment rules of the central bank have it."""
    fen = int(abs(amount).scaleb(2).to_integral_value("ROUND_HALF_UP"))
    yuan, rest = divmod(fen, 100)
    sign = "负" if amount < 0 and fen else ""
    whole = f"{_whole(yuan)}元" if yuan else ""
    if not rest:
        return sign + (whole or "零元") + "整"
    jiao, last = divmod(rest, 10)
    tail = f"{DIGITS[jiao]}角" if jiao else "零" if yuan else ""
    return sign + whole + tail + (f"{DIGITS[last]}分" if last else "")


def _whole(number: int) -> str:
    """Groups of four; one 零 stands for every gap of zeros inside the number."""
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    out = ""
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group:
            continue
        gap = out and (group < 1000 or not groups[place + 1])
        out += ("零" if gap else "") + _group(group) + GROUPS[place]
    return out


def _group(number: int) -> str:
    """1…9999."""
    out, gap = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            out += ("零" if gap and out else "") + DIGITS[digit] + PLACES[place]
        gap = not digit
    return out
