from __future__ import annotations

import hashlib
import smtplib
from email.message import EmailMessage
from email.utils import parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy import Connection, select

from dougong.notify.channels.base import Channel, Letter, Way, channels, final, trouble
from dougong.notify.rows import page
from dougong.people.tables import user
from dougong.spec.label import Label

SECONDS = 15


class Mail(Channel):
    """By SMTP. A repeated mail has the same Message-ID, so that mail programs show it once (R32)."""

    name = Label("邮件", {"en": "Mail"})
    repeat = "safe"

    def address(self, connection: Connection, user_id: int) -> str:
        return connection.execute(select(user.c.email).where(user.c.id == user_id)).scalar() or ""

    def send(self, letter: Letter, to: str, way: Way) -> None:
        if not way.smtp_url:
            raise final("SMTP_URL")
        url = urlsplit(way.smtp_url)
        sender = parse_qs(url.query).get("from", [unquote(url.username or "")])[0]
        mail = _compose(letter, _one(to), _one(sender))
        kind = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
        try:
            with kind(url.hostname or "", url.port or 0, timeout=SECONDS) as server:
                server.ehlo()
                if url.scheme != "smtps" and server.has_extn("starttls"):
                    server.starttls()
                if url.username:
                    server.login(unquote(url.username), unquote(url.password or ""))
                server.send_message(mail)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPAuthenticationError) as error:
            raise final(str(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise trouble(str(error) or type(error).__name__) from error


def _compose(letter: Letter, to: str, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = " ".join(letter.title.split())  # a line break would start a header (S45)
    mail["From"], mail["To"] = sender, to
    domain = sender.rpartition("@")[2] or "dougong"
    mail["Message-ID"] = f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}@{domain}>"
    mail.set_content(f"{letter.text}\n\n{letter.link}".strip() + "\n")
    if letter.rows is not None:
        mail.add_alternative(page(letter.body, letter.rows, letter.link), subtype="html")
    return mail


def _one(address: str) -> str:
    """Exactly one address; raises Problems where the text holds anything else."""
    found = parseaddr(address)[1]
    if not found or "@" not in found or any(c in address for c in "\r\n,;"):
        raise final(address)
    return found


channels.register("mail")(Mail())
