"""Taking turns at writing to one SQLite file, among the threads of a process and among processes.

SQLite itself lets waiting writers poll: beside a busy one some wait for seconds, and the unlucky get "database is locked".
"""

from __future__ import annotations

import fcntl
import os
import threading
from types import TracebackType


class Turns:
    """A context manager; a turn within a turn of the same thread is a mistake and raises. The kernel ends that of a dead process.

    Whoever waits holds the gate, so that nobody who has just had a turn can take the next one before him.
    """

    def __init__(self, file: str) -> None:
        self._threads = threading.Lock()
        self._owner = 0
        self._gate, self._turn = (os.open(file + suffix, os.O_RDWR | os.O_CREAT, 0o600) for suffix in ("-gate", "-turn"))

    def __enter__(self) -> None:
        if self._owner == threading.get_ident():
            raise RuntimeError("a write within a write of the same thread would wait for itself")
        self._threads.acquire()
        try:
            fcntl.flock(self._gate, fcntl.LOCK_EX)
            try:
                fcntl.flock(self._turn, fcntl.LOCK_EX)
            finally:
                fcntl.flock(self._gate, fcntl.LOCK_UN)
        except BaseException:
            self._threads.release()
            raise
        self._owner = threading.get_ident()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._owner = 0
        fcntl.flock(self._turn, fcntl.LOCK_UN)
        self._threads.release()

    def __del__(self) -> None:
        for file in (self._gate, self._turn):
            os.close(file)
