"""The REST API: records of all apps under /api/v1, by token."""
