"""Out over HTTP, but never inwards (THREATS S20, R25)."""

from __future__ import annotations

import pytest

from dougong.notify.outgoing import Outgoing, is_public
from dougong.problems import Problems
from tests.notify.receiver import Receiver


def code(outgoing: Outgoing, url: str) -> str:
    with pytest.raises(Problems) as raised:
        outgoing.request("GET", url)
    return raised.value.problems[0].code


@pytest.mark.parametrize("url", [
    "http://127.0.0.1/", "http://0.0.0.0/", "http://10.1.2.3/", "http://172.16.0.1/", "http://192.168.1.1/", "http://169.254.169.254/",
    "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[fd00::1]/", "http://[64:ff9b::7f00:1]/", "http://2130706433/", "http://0x7f.1/",
    "http://0177.0.0.1/", "http://localhost/", "http://localhost./", "http://user@example.com/", "http://example.com@127.0.0.1/",
    "file:///etc/passwd", "gopher://example.com/", "ftp://example.com/", "http:///x", "http://", "http://a b/", "http://h:99999/",
    "http://h\r\nX: y/", "",
])
def test_inward_and_crooked_addresses_are_refused(url: str) -> None:
    assert code(Outgoing(), url) == "outgoing-refused"


@pytest.mark.parametrize(("address", "public"), [
    ("93.184.216.34", True), ("2606:4700::1111", True), ("100.64.0.1", False), ("224.0.0.1", False), ("2002:7f00:1::", False),
    ("::", False), ("198.18.0.1", False), ("not an address", False), ("fe80::1%eth0", False),
])
def test_what_counts_as_the_open_internet(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_one_private_address_among_many_is_enough_to_refuse() -> None:
    assert code(Outgoing(resolve=lambda host, port: ["93.184.216.34", "10.0.0.1"]), "http://mixed.example/") == "outgoing-refused"


def test_the_address_checked_is_the_address_connected_to(receiver: Receiver) -> None:
    """A name that answers differently the second time is asked only once."""
    asked: list[str] = []

    def changing(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["203.0.113.9"]

    outgoing = Outgoing(frozenset({"rebind.example"}), changing)
    port = receiver.server.server_port
    assert outgoing.request("GET", f"http://rebind.example:{port}/x").ok
    assert asked == ["rebind.example"]
    assert receiver.got[0].headers["Host"] == f"rebind.example:{port}"


def test_a_redirect_is_an_answer_and_not_followed(receiver: Receiver) -> None:
    receiver.answers = [(302, {})]
    answer = Outgoing(frozenset({"127.0.0.1"})).request("POST", receiver.url, b"{}")
    assert (answer.status, answer.ok, len(receiver.got)) == (302, False, 1)


def test_an_answer_too_large_or_a_closed_door_is_a_failure(receiver: Receiver) -> None:
    receiver.answers = [(200, b"x" * 5000)]
    small = Outgoing(frozenset({"127.0.0.1"}), most_bytes=1000)
    assert code(small, receiver.url) == "outgoing-failed"
    assert code(Outgoing(frozenset({"127.0.0.1"})), "http://127.0.0.1:1/") == "outgoing-failed"
    assert code(Outgoing(), "http://no-such-host.invalid/") == "outgoing-failed"


def test_no_header_can_be_smuggled_in(receiver: Receiver) -> None:
    Outgoing(frozenset({"127.0.0.1"})).request("POST", receiver.url, b"", {"X-Title": "a\r\nX-Evil: 1"})
    assert "X-Evil" not in receiver.got[0].headers
    assert receiver.got[0].headers["X-Title"] == "a X-Evil: 1"
