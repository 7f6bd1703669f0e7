"""`dougong serve` and `dougong worker`: the two processes of a running workspace."""

from __future__ import annotations

import ctypes
import gc
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import click
from waitress.server import create_server

from dougong.api import door
from dougong.cli.opened import opened
from dougong.cli.say import say
from dougong.lifecycle import go_on
from dougong.runtime import Runtime
from dougong.web.app import create_app

ARENA_MAX = -8
"""M_ARENA_MAX of malloc.h."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Addresses that nobody can reach from outside: only there the server may take its own address for everybody's."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8686, show_default=True)
def serve(host: str, port: int) -> None:
    """Serve the workspace. Without REDIS_URL the worker runs inside.

    Example: dougong serve --host 0.0.0.0 --port 8686
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with opened(f"http://{host}:{port}" if host in LOOPBACK else "") as runtime:
        click.echo(say(f"打开 http://{host}:{port}/", f"open http://{host}:{port}/"))
        run(runtime, host, port)


def run(runtime: Runtime, host: str, port: int, ready: Callable[[], None] = lambda: None) -> None:
    """Until interrupted: the pages, and the embedded worker where no other is set. `ready` is called once it listens."""
    _one_heap()
    pages, believed = create_app(runtime, [door.blueprint(runtime)]), runtime.settings.trusted_proxies > 0
    server = create_server(pages, host=host, port=port, threads=8, ident="dougong", clear_untrusted_proxy_headers=not believed)
    ready()
    gc.collect()
    gc.freeze()  # what stands at the start stays until the end: nobody need look through it again
    alone = not runtime.settings.redis_url
    threading.Thread(target=go_on, args=(runtime,), name="dougong-change", daemon=True).start()  # a large change that was broken off
    if alone:
        runtime.start_worker()
    try:
        server.run()
    finally:
        server.close()
        if alone:
            runtime.stop_worker()


def _one_heap() -> None:
    """glibc gives every thread a heap of its own, and each keeps the most that it once needed: some 30 MiB after a day's lists."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library, which doesn't
            ctypes.CDLL(None).mallopt(ARENA_MAX, 1)


@click.command()
def worker() -> None:
    """Run a worker of its own beside the web processes (PostgreSQL and Redis).

    Example: REDIS_URL=redis://localhost:6379/0 dougong worker
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with opened() as runtime:
        runtime.start_worker()
        try:
            threading.Event().wait()
        finally:
            runtime.stop_worker()
