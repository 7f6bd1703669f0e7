"""Stages: a pure machine that decides, and the only service that writes a stage (SEMANTICS 14)."""
