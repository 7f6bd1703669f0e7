"""The command line: one file per command."""

import gc

# Starting makes 200 000 objects that stay. Python's own threshold looks through them again and again: a tenth of a second.
gc.set_threshold(20_000, 20, 20)
