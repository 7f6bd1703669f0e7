"""The outbox: what happened, written with the change itself (ARCHITECTURE decision 6)."""
