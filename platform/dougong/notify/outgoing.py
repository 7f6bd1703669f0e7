"""The one way out over HTTP: never into private networks, never longer or larger than allowed (THREATS S20, R25).

The address that is checked is the address that is connected to, so that a name that changes its mind between the two
gains nothing. Redirects are not followed: they come back as the answer they are.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from dougong.problems import Problem, Problems

Resolve = Callable[[str, int], Sequence[str]]
SECONDS = 10.0
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, as the system knows them."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True)
class Outgoing:
    """`allow_private`: hosts that may lie in a private network; 'host' or 'host:port'."""

    allow_private: frozenset[str] = frozenset()
    resolve: Resolve = resolve
    seconds: float = SECONDS
    most_bytes: int = MOST_BYTES
    tls: ssl.SSLContext = field(default_factory=cache(ssl.create_default_context))

    def request(self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Raises Problems: `outgoing-refused` (never to be tried again) or `outgoing-failed` (the other side, the way there)."""
        parts = _split(url)
        host, port = str(parts.hostname).rstrip("."), parts.port or (443 if parts.scheme == "https" else 80)
        address = self._checked(host, port)
        connection = _Connection(host, port, address, self.tls if parts.scheme == "https" else None, self.seconds)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        until = time.monotonic() + self.seconds
        watch = Timer(self.seconds, connection.cut)  # a socket's own limit begins anew with each byte that drips in
        watch.daemon = True
        watch.start()
        try:
            connection.request(method, target, body=body or None, headers=_clean(headers or {}))
            with connection.getresponse() as response:
                return Answer(response.status, dict(response.getheaders()), self._read(response, until))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise failed(host, str(error) or type(error).__name__) from error
        finally:
            watch.cancel()
            connection.close()

    def _checked(self, host: str, port: int) -> str:
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise failed(host, str(error)) from error
        if not found:
            raise failed(host, "no address")
        if not {host, f"{host}:{port}"} & self.allow_private and not all(map(is_public, found)):
            raise refused(host)
        return found[0]

    def _read(self, response: http.client.HTTPResponse, until: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while chunk := response.read1(65536):
            chunks.append(chunk)
            size += len(chunk)
            if size > self.most_bytes:
                raise ValueError(f"more than {self.most_bytes} bytes")
            if time.monotonic() > until:
                break
        if time.monotonic() > until:  # it may have been cut off
            raise TimeoutError("too slow")
        return b"".join(chunks)


class _Connection(http.client.HTTPConnection):
    """Speaks to `host`, but connects to the address that was checked."""

    def __init__(self, host: str, port: int, address: str, tls: ssl.SSLContext | None, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds)
        self._address, self._tls = address, tls
        self._line: socket.socket | None = None  # the answer keeps it open after this connection let go of it

    def cut(self) -> None:
        """From another thread: whoever reads finds the end."""
        with suppress(OSError):
            if self._line is not None:
                self._line.shutdown(socket.SHUT_RDWR)

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        self._line = self.sock
        if self._tls is not None:
            self._line = self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)


def is_public(address: str) -> bool:
    """False for everything that isn't a plain address of the open internet, IPv4 inside IPv6 included."""
    try:
        ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def refused(host: str) -> Problems:
    return Problems([Problem("outgoing-refused", {"host": host})])


def failed(host: str, why: str) -> Problems:
    return Problems([Problem("outgoing-failed", {"host": host, "why": why})])


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:  # a port that is no number
        raise refused(url) from error
    if not known or "@" in parts.netloc or any(c <= " " for c in url):
        raise refused(url)
    return parts


def _clean(headers: Mapping[str, str]) -> dict[str, bytes]:
    """No line break may start a header of its own (S45). What is not ASCII goes as UTF-8."""
    sent = {"User-Agent": "Dougong", **headers}
    return {name: _CONTROL.sub("", " ".join(words.split())).encode(errors="replace") for name, words in sent.items()}
