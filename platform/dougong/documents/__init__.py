"""Papers made of records: HTML with formulas, and its PDF."""
