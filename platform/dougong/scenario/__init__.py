"""What a template promises, run as a test: a virtual clock, a throw-away database, the production code."""
