"""The expression language: Jinja2's syntax, our own typed tree, one meaning in Python, SQL and the browser."""
