"""Dougong: business applications that are plain YAML, run by one generic runtime."""

__version__ = "0.1.0"
