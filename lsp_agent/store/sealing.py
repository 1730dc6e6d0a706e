"""Text at rest: as it is, or sealed with a key that is made from a passphrase.

AES-256-GCM (NIST SP 800-38D) with a random nonce for each text; the key by scrypt (RFC 7914) from
the passphrase and a random salt of the database. A text is bound to its table, column and row, so
that one moved elsewhere does not open.

Texts of files that hold secrets are sealed in any case, with a random key in a file beside the
database: no copy or search of the database shows them, while whoever may read both files can.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from lsp_agent.store.atomic import Looks, stage
from lsp_agent.store.database import transaction
from lsp_agent.store.rows import PassphraseError
from lsp_agent.workspace.secrets import find_secrets

if TYPE_CHECKING:
    from sqlite_utils import Database

SEALED = "(sealed)"
"""Stands for a text that can't be read without the passphrase."""

DAMAGED = "(damaged)"
"""Stands for a sealed text that was changed, or moved from its row."""

_SEAL, _OWN, _PLAIN = "sealed:1:", "own:1:", "plain:1:"
_MARKS = (_SEAL, _OWN, _PLAIN)
_NONCE_BYTES, _KEY_BYTES = 12, 32
_CHECK = "lsp-agent"


class Codec:
    """Writes texts sealed or as they are, reads both; ``key`` has 32 bytes.

    ``own`` is the file with the key for what holds secrets; it is made when first needed.
    """

    def __init__(
        self, key: bytes | None = None, *, sealing: bool = False, own: Path | None = None
    ) -> None:
        self._key = key
        self._sealing = sealing
        self._own = own

    @overload
    def write(self, text: str, *place: object) -> str: ...
    @overload
    def write(self, text: None, *place: object) -> None: ...
    def write(self, text: str | None, *place: object) -> str | None:
        """Return what is stored for a text at a place: table, column, and the row's key."""
        if text is None:
            return None
        # A name from the command line may hold bytes that are no character.
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        if not self._sealing or self._key is None:
            return _PLAIN + text if text.startswith(_MARKS) else text
        return _SEAL + _sealed(self._key, text, place)

    def write_file(self, text: str | None, *place: object) -> str | None:
        """Return what is stored for the text of a file, which is sealed if it holds a secret."""
        if text is None or self._own is None or self._sealing or not find_secrets(text):
            return self.write(text, *place)
        return _OWN + _sealed(_own_key(self._own), text, place)

    @overload
    def read(self, stored: str, *place: object) -> str: ...
    @overload
    def read(self, stored: None, *place: object) -> None: ...
    def read(self, stored: str | None, *place: object) -> str | None:
        """Return the text; :data:`SEALED` without the key, :data:`DAMAGED` if it was changed."""
        if stored is None or not stored.startswith(_MARKS):
            return stored
        if stored.startswith(_PLAIN):
            return stored.removeprefix(_PLAIN)
        key = self._key
        if stored.startswith(_OWN):
            key = _own_key(self._own) if self._own is not None and self._own.exists() else None
        if key is None:
            return SEALED
        from cryptography.exceptions import InvalidTag

        try:
            data = base64.b64decode(stored.partition(":1:")[2], validate=True)
            nonce, rest = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
            text: bytes = _cipher(key).decrypt(nonce, rest, _bound(place))
            return text.decode("utf-8")
        except (ValueError, InvalidTag):
            return DAMAGED

    def write_json(self, data: Mapping[str, Any], *place: object) -> str:
        """Return what is stored for an object."""
        return self.write(json.dumps(dict(data), ensure_ascii=False, default=str), *place)

    def read_json(self, stored: str, *place: object) -> dict[str, Any]:
        """Return an object; one that can't be read says so: ``{"unreadable": …}``."""
        text = self.read(stored, *place)
        if text in (SEALED, DAMAGED):
            return {"unreadable": text}
        found = json.loads(text)
        return found if isinstance(found, dict) else {"unreadable": DAMAGED}


def open_codec(
    database: Database,
    variable: str,
    env: Mapping[str, str],
    warn: Callable[[str], None],
    own: Path | None = None,
) -> Codec:
    """Return the codec of a database; ``variable`` names where the passphrase is, ``""``: none.

    Without a variable texts are written as they are; what was sealed is read where the variable of
    that time is still set. Making the key takes about 0.1 s. Raises :class:`PassphraseError` for a
    passphrase that is missing or wrong.
    """
    known = _known(database)
    named = variable or known.get("passphrase_env", "")
    passphrase = env.get(named, "") if named else ""
    if variable and not passphrase:
        raise PassphraseError(
            f"journal.passphrase_env names {variable}, which is not set; set it to the journal's "
            "passphrase, or remove the setting"
        )
    if not passphrase:
        return Codec(own=own)
    if "salt" not in known:
        known = _set_up(database, variable, passphrase, warn)
    key = _key(passphrase, known["salt"])
    if Codec(key).read(known["check"], "meta", "check") != _CHECK:
        if not variable:
            return Codec(own=own)
        raise PassphraseError(
            f"the passphrase in {variable} is not the one that the journal was encrypted with; "
            f"set {variable} to that one"
        )
    return Codec(key, sealing=bool(variable), own=own)


def _set_up(
    database: Database, variable: str, passphrase: str, warn: Callable[[str], None]
) -> dict[str, str]:
    """Choose the salt, once for all processes."""
    salt = os.urandom(16).hex()
    check = Codec(_key(passphrase, salt), sealing=True).write(_CHECK, "meta", "check")
    with transaction(database):
        if "salt" in _known(database):
            return _known(database)
        values = {"salt": salt, "check": check, "passphrase_env": variable}
        for name, value in values.items():
            database.execute("insert into meta (key, value) values (?, ?)", [name, value])
        (before,) = database.execute("select count(*) from runs").fetchone()
    if before:
        warn(
            f"the journal is encrypted from now on; {before} runs of before stay as they are; to "
            "remove them: lsp-agent runs purge --all"
        )
    return values


def _known(database: Database) -> dict[str, str]:
    return dict(database.execute("select key, value from meta").fetchall())


def _key(passphrase: str, salt: str) -> bytes:
    # 32 MiB and about 0.1 s a guess.
    return hashlib.scrypt(
        passphrase.encode("utf-8", "surrogateescape"),
        salt=bytes.fromhex(salt), n=2**15, r=8, p=1, maxmem=64 * 1024 * 1024, dklen=32,
    )  # fmt: skip


def _own_key(file: Path) -> bytes:
    """Return the key in a file, which is made whole or not at all."""
    if not file.exists():
        temp = file.with_name(f".{file.name}-{os.urandom(6).hex()}.tmp")
        try:
            stage(temp, os.urandom(_KEY_BYTES), Looks(0o600, -1, -1))
            # Of two processes one is first, and both use its key.
            with suppress(FileExistsError):
                os.link(temp, file)
        finally:
            temp.unlink(missing_ok=True)
    return file.read_bytes()


def _sealed(key: bytes, text: str, place: tuple[object, ...]) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    data = nonce + _cipher(key).encrypt(nonce, text.encode("utf-8"), _bound(place))
    return base64.b64encode(data).decode("ascii")


def _bound(place: tuple[object, ...]) -> bytes:
    return json.dumps([str(part) for part in place]).encode("utf-8")


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
