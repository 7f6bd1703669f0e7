"""`dougong serve` and `dougong worker`: the two processes of a running workspace."""

from __future__ import annotations

import ctypes
import gc
import logging
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import click
from waitress.server import create_server

from dougong.api import door
from dougong.cli.opened import opened
from dougong.cli.processes import serve_in
from dougong.cli.say import say
from dougong.lifecycle import go_on
from dougong.runtime import Runtime
from dougong.web.app import create_app

ARENA_MAX = -8
"""M_ARENA_MAX of malloc.h."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Addresses that nobody can reach from outside: only there the server may take its own address for everybody's."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="在哪个地址上听 | The address to listen on.")
@click.option("--port", default=8686, show_default=True, help="端口 | The port.")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64), help="几个进程 | How many processes.")
def serve(host: str, port: int, processes: int) -> None:
    """打开工作区的服务。不设 REDIS_URL 时后台工作也在里面。 |
    Serve the workspace. Without REDIS_URL the worker runs inside.

    Example: dougong serve --host 0.0.0.0 --port 8686
    """
    _log()
    address = f"http://{host}:{port}" if host in LOOPBACK else ""
    with opened(address) as runtime:
        click.echo(say(f"打开 http://{host}:{port}/", f"open http://{host}:{port}/"))
        if processes == 1:
            run(runtime, host, port)
    if processes > 1:
        serve_in(processes, host, port, partial(_one_of_many, address))


def _one_of_many(address: str, shared: socket.socket, first: bool) -> None:
    """Each has a worker for what its own people do."""
    _log()
    with opened(address) as runtime:
        run(runtime, shared=shared, first=first)


def run(
    runtime: Runtime,
    host: str = "",
    port: int = 0,
    ready: Callable[[], None] = lambda: None,
    *,
    shared: socket.socket | None = None,
    first: bool = True,
) -> None:
    """Until interrupted: the pages, and the embedded worker where no other is set. `ready` is called once it listens.

    Of several processes on one `shared` socket the `first` does what one is enough for.
    """
    _one_heap()
    pages, believed = create_app(runtime, [door.blueprint(runtime)]), runtime.settings.trusted_proxies > 0
    where: dict[str, Any] = {"sockets": [shared]} if shared else {"host": host, "port": port}
    server = create_server(pages, **where, threads=8, ident="dougong", clear_untrusted_proxy_headers=not believed)
    ready()
    gc.collect()
    gc.freeze()  # what stands at the start stays until the end: nobody need look through it again
    alone = not runtime.settings.redis_url
    if first:  # a large change that was broken off
        threading.Thread(target=go_on, args=(runtime,), name="dougong-change", daemon=True).start()
    if alone:
        runtime.start_worker(house=first)
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
    """在网页进程之外单独运行后台工作（PostgreSQL 和 Redis）。 |
    Run a worker of its own beside the web processes (PostgreSQL and Redis).

    Example: REDIS_URL=redis://localhost:6379/0 dougong worker
    """
    _log()
    with opened() as runtime:
        runtime.start_worker()
        try:
            threading.Event().wait()
        finally:
            runtime.stop_worker()


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
