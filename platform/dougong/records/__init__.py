"""Records: the one path to write a row, the one path to read rows."""
