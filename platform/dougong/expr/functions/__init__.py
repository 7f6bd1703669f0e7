"""All functions of the formula language. A new one is a decorated Python function in one of these files."""

from dougong.expr.functions import dates, hashes, lists, logic, numbers, text
from dougong.expr.functions.base import Function, functions

__all__ = ["Function", "dates", "functions", "hashes", "lists", "logic", "numbers", "text"]
