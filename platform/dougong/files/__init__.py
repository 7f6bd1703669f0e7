"""Attachments: what is uploaded is bounded, typed by its content, kept under a key of our own, and belongs to a record's field."""
