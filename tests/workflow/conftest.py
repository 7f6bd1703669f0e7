from tests.records.conftest import bases, workspace

__all__ = ["bases", "workspace"]
