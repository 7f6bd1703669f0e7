"""The triggers. Importing this fills the registry."""

from dougong.automation.triggers import around, changed, created, deleted, inactive, outside, repeated, restored, schedule, stage
from dougong.automation.triggers.base import triggers

__all__ = ["around", "changed", "created", "deleted", "inactive", "outside", "repeated", "restored", "schedule", "stage", "triggers"]
