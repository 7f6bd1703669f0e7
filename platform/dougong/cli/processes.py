"""`dougong serve --processes N`: so many processes on one address, each with threads of its own; one that ends is replaced.

They share one listening socket: whichever is free takes the next connection.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

Serve = Callable[[socket.socket, bool], None]
"""Serves on a socket that listens, until its process ends; True for the first of the processes."""
PAUSE = 1
"""Seconds before one that ended is replaced: what can't even begin isn't tried without rest."""
MOST_SECONDS = 20
"""For ending: then a process is killed."""
log = logging.getLogger(__name__)


def serve_in(processes: int, host: str, port: int, serve: Serve) -> None:
    """Until SIGTERM or SIGINT; then none of them is left. Raises OSError where the address is taken."""
    signal.signal(signal.SIGTERM, _leave)
    running: dict[int, BaseProcess] = {}
    with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024) as shared:
        try:
            while True:
                for place in sorted(set(range(processes)) - running.keys()):
                    running[place] = _begun(serve, shared, place == 0)
                ended = wait([process.sentinel for process in running.values()])
                for place in [place for place, process in running.items() if process.sentinel in ended]:
                    gone = running.pop(place)
                    gone.join()
                    log.warning("process %s ended with %s and is replaced", gone.pid, gone.exitcode)
                time.sleep(PAUSE)
        except KeyboardInterrupt:
            return
        finally:
            _end(running.values())


def _begun(serve: Serve, shared: socket.socket, first: bool) -> BaseProcess:
    process = multiprocessing.get_context("spawn").Process(target=_one, args=(serve, shared, first), daemon=True)
    process.start()
    return process


def _one(serve: Serve, shared: socket.socket, first: bool) -> None:
    signal.signal(signal.SIGTERM, _leave)  # requests at hand are answered
    threading.Thread(target=_end_with_parent, daemon=True).start()
    serve(shared, first)


def _end_with_parent() -> None:
    """However it ended: nobody would replace or end this process any more."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _end(processes: Iterable[BaseProcess]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    until = time.monotonic() + MOST_SECONDS
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(max(0, until - time.monotonic()))
        process.kill()


def _leave(*_: object) -> None:
    sys.exit(0)
