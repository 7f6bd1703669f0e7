"""From the upload to the record, and away again."""

from __future__ import annotations

import hashlib
import io
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from dougong.files.attachments import (
    Attachment,
    Limits,
    attach,
    forget,
    get,
    keep,
    named,
    of_record,
    open_bytes,
    receive,
    size_text,
    sweep,
)
from dougong.files.storage import Disk, new_key
from dougong.problems import Problems
from tests.files.conftest import LI, NOW, WANG, Office, kept_in
from tests.files.samples import HTML, MP4, PDF, WEBM, photo_with_place, picture

ANY = Limits()
VISIT = ("sales.visit", 7, "site_photo")


def upload(office: Office, body: bytes = PDF, name: str = "报价.pdf", limits: Limits = ANY, creator: int | None = WANG) -> Attachment:
    received = receive(office.disk, io.BytesIO(body), name, limits, NOW)
    with office.store.write() as connection:
        return keep(connection, received, creator, NOW)


def read(office: Office, attachment: Attachment, thumb: bool = False) -> bytes:
    with open_bytes(office.disk, attachment, thumb) as stream:
        return stream.read()


def test_an_upload_comes_back_byte_for_byte_with_its_digest(office: Office) -> None:
    kept = upload(office)
    assert read(office, kept) == PDF
    assert (kept.size, kept.sha256, kept.kind, kept.name) == (len(PDF), hashlib.sha256(PDF).hexdigest(), "document", "报价.pdf")
    with office.store.read() as connection:
        assert get(connection, kept.uid) == kept
        assert named(connection, [kept.uid, "nobody"]) == {kept.uid: kept}


def test_a_picture_is_kept_remade_with_a_thumbnail(office: Office) -> None:
    kept = upload(office, photo_with_place((900, 600)), "IMG_1.PNG")
    assert (kept.name, kept.type, kept.kind) == ("IMG_1.jpg", "image/jpeg", "image")
    assert b"SECRETCAMERA" not in read(office, kept) and len(read(office, kept, thumb=True)) < len(read(office, kept))
    assert kept.size == len(read(office, kept))


def test_what_has_no_thumbnail_says_so(office: Office) -> None:
    with pytest.raises(KeyError):
        read(office, upload(office), thumb=True)


def test_nothing_of_a_hostile_name_reaches_the_folder(disk: Disk) -> None:
    for name in ("../../evil.pdf", "/etc/passwd", "..\\x", "CON", "\x00", "a" * 300, "\u202efdp.exe"):
        receive(disk, io.BytesIO(PDF), name, ANY, NOW)
    assert len(kept_in(disk)) == 7
    assert all(path.parent.parent == disk.folder and len(path.name) == 40 for path in kept_in(disk))


@pytest.mark.parametrize(
    ("body", "limits", "code"),
    [
        (b"", ANY, "file-empty"),
        (b"MZ\x90\0" * 9, ANY, "file-program"),
        (HTML, Limits(("image",)), "file-kind-refused"),
        (PDF, Limits(("image", "audio")), "file-kind-refused"),
        (picture("PNG"), Limits(("audio",)), "file-kind-refused"),
        (b"x" * 300_001, Limits(largest=300_000), "file-too-large"),
        (picture("PNG"), Limits(largest=10), "file-too-large"),
        (picture("PNG")[:50], ANY, "image-broken"),
    ],
)
def test_what_may_not_come_in_leaves_nothing_behind(disk: Disk, body: bytes, limits: Limits, code: str) -> None:
    with pytest.raises(Problems) as raised:
        receive(disk, io.BytesIO(body), "x", limits, NOW)
    assert [p.code for p in raised.value] == [code]
    assert not any("{" in p.sentence(locale) for p in raised.value for locale in ("zh", "en"))
    assert kept_in(disk) == []


def test_reading_stops_at_the_limit() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size

    stream = Endless()
    with pytest.raises(Problems):
        receive(Disk.__new__(Disk), stream, "x", Limits(("image",)), NOW)  # type: ignore[arg-type]
    assert stream.given < 100_000


@pytest.mark.parametrize(
    ("kinds", "kind", "type_"), [(("audio",), "audio", "audio/webm"), (("video",), "video", "video/webm"), ((), "video", "video/webm")]
)
def test_webm_serves_as_what_the_field_wants(disk: Disk, kinds: tuple[str, ...], kind: str, type_: str) -> None:
    kept = receive(disk, io.BytesIO(WEBM), "note", Limits(kinds), NOW)
    assert (kept.kind, kept.type) == (kind, type_)


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "files"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(Problems) as raised:
        receive(Disk(blocked), io.BytesIO(PDF), "x", ANY, NOW)
    assert [p.code for p in raised.value] == ["no-room-for-files"]


def test_an_upload_is_given_to_one_record_once(office: Office) -> None:
    kept = upload(office)
    with office.store.write() as connection:
        attach(connection, [kept.uid], *VISIT, WANG)
        attach(connection, [kept.uid], *VISIT, LI)  # the same record saved again, by somebody else
        assert [a.uid for a in of_record(connection, "sales.visit", 7)] == [kept.uid]
    for place in (("sales.visit", 8, "site_photo"), ("sales.visit", 7, "slides"), ("sales.customer", 7, "site_photo")):
        with pytest.raises(Problems) as raised, office.store.write() as connection:
            attach(connection, [kept.uid], *place, WANG)
        assert [p.code for p in raised.value] == ["attachment-unknown"]


def test_somebody_elses_upload_is_as_unknown_as_none(office: Office) -> None:
    kept = upload(office, creator=LI)
    told = []
    for uid in (kept.uid, "0190b2f0-5a5c-7c3e-8a44-0123456789ab"):
        with pytest.raises(Problems) as raised, office.store.write() as connection:
            attach(connection, [uid], *VISIT, WANG)
        told.append([p.as_json("zh") for p in raised.value])
    assert told[0] == told[1]


def test_two_saves_at_once_do_not_share_an_upload(office: Office) -> None:
    kept = upload(office)
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def save(record: int) -> None:
        start.wait()
        try:
            with office.store.write() as connection:
                attach(connection, [kept.uid], "sales.visit", record, "slides", WANG)
            outcomes.append("kept")
        except Problems:
            outcomes.append("refused")

    threads = [threading.Thread(target=save, args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["kept", "refused"]


def test_uploads_that_no_record_took_are_swept_and_all_else_stays(office: Office) -> None:
    loose, taken = upload(office, picture("JPEG"), "a.jpg"), upload(office, picture("JPEG"), "b.jpg")
    with office.store.write() as connection:
        attach(connection, [taken.uid], *VISIT, WANG)
    assert sweep(office.store, office.disk, NOW + timedelta(hours=23)) == 0
    assert sweep(office.store, office.disk, NOW + timedelta(days=2)) == 2
    assert sweep(office.store, office.disk, NOW + timedelta(days=2)) == 0
    with office.store.read() as connection:
        assert get(connection, loose.uid) is None and get(connection, taken.uid) is not None
    assert read(office, taken) and read(office, taken, thumb=True)
    with pytest.raises(KeyError):
        read(office, loose)


def test_bytes_whose_row_was_never_committed_are_swept(office: Office) -> None:
    receive(office.disk, io.BytesIO(MP4), "x", ANY, NOW)
    (office.disk.folder / f"{NOW.date()}" / ("f" * 40 + ".part")).write_bytes(b"cut off")
    assert sweep(office.store, office.disk, NOW) == 0
    sweep(office.store, office.disk, NOW + timedelta(days=2))
    assert kept_in(office.disk) == []


def test_a_purged_record_takes_its_files_along(office: Office) -> None:
    kept = upload(office)
    with office.store.write() as connection:
        attach(connection, [kept.uid], *VISIT, WANG)
        forget(connection, "sales.visit", 7)
    sweep(office.store, office.disk, NOW + timedelta(days=2))
    assert kept_in(office.disk) == []


def test_a_save_that_fails_gives_the_upload_back(office: Office) -> None:
    kept = upload(office)
    with pytest.raises(RuntimeError), office.store.write() as connection:
        attach(connection, [kept.uid], *VISIT, WANG)
        raise RuntimeError
    with office.store.read() as connection:
        assert get(connection, kept.uid) == kept


@pytest.mark.parametrize(
    "key", ["../x", "2026-03-05/../../x", "/etc/passwd", "2026-03-05/" + "g" * 40, "2026-03-05/" + "a" * 40 + "/x", ""]
)
def test_no_key_leads_out_of_the_folder(key: str, disk: Disk) -> None:
    with pytest.raises(KeyError):
        disk.open(key)
    with pytest.raises(KeyError):
        disk.write(key, [b"x"])


def test_keys_differ_and_are_listed_by_day(disk: Disk) -> None:
    key = new_key(NOW.date())
    assert key != new_key(NOW.date())
    disk.write(key, [b"one"])
    assert list(disk.keys(NOW.date())) == [] and list(disk.keys((NOW + timedelta(days=1)).date())) == [key]
    disk.delete(key)
    disk.delete(key)
    assert kept_in(disk) == []


@pytest.mark.parametrize(("size", "text"), [(1, "1 KB"), (300_000, "292 KB"), (20 << 20, "20 MB")])
def test_sizes_are_said_in_round_numbers(size: int, text: str) -> None:
    assert size_text(size) == text
