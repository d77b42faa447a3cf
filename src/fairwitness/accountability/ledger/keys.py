"""Ed25519 keys of persons, one a person, in the text forms of C2SP signed-note.

The private key stays in a file of its owner; the public one is a line, `NAME+ID+KEY`, that a `key` entry registers. Until
it is registered, or given with --key, what a name has signed counts as unauthenticated.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fairwitness.accountability.ledger.entries import Entry, Stored
from fairwitness.accountability.ledger.errors import LedgerError
from fairwitness.accountability.ledger.standalone import NOTE, Key, MalformedError, unbase64, valid_name

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from fairwitness.accountability.ledger.store import Ledger

PRIVATE = "PRIVATE+KEY"
STATEMENT = b"fairwitness-statement/v1\n"
"""Put before whatever `sign` signs, so that no statement can pass for a checkpoint, nor the other way round."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key under its holder's name; never printed."""

    name: str
    seed: bytes = field(repr=False)  # 32 bytes, RFC 8032

    @property
    def key(self) -> Key:
        """The public key."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # the extra `ledger`

        public = _private(self.seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return Key(self.name, public)

    @property
    def vkey(self) -> str:
        """The public key as a line, `NAME+ID+KEY`."""
        return self.key.line()

    def raw(self, message: bytes) -> bytes:
        """Ed25519 over the bytes as they are, 64 bytes: for notes. Statements are signed with `sign`."""
        return _private(self.seed).sign(message)

    def line(self) -> str:
        """The text of the key file, as Go's note package has it."""
        material = base64.b64encode(bytes([NOTE]) + self.seed).decode()
        return f"{PRIVATE}+{self.name}+{self.key.id().hex()}+{material}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A public key that the ledger names."""

    key: Key
    role: str
    index: int  # of the entry


def folder() -> Path:
    """Where key files are kept."""
    return config_folder() / "keys"


def config_folder() -> Path:
    """This user's own settings of fairwitness."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "fairwitness"


def new(name: str, *, out: Path | None = None) -> tuple[Signer, Path]:
    """Make a key and write it to a file of its owner alone (0600).

    Args:
        name: Of the person: no spaces, no plus signs.
        out: The file; `~/.config/fairwitness/keys/NAME.key` if None.

    Raises:
        LedgerError: The name cannot be one, the file is there already or cannot be written, `cryptography` is missing.
    """
    if not valid_name(name):
        raise LedgerError(f"key name {name!r} has a space or a plus sign, or is empty; write it as in jane.doe")
    path = _file(name) if out is None else out
    signer = Signer(name, secrets.token_bytes(32))
    text = signer.line()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise LedgerError(f"{path}: a key is there already; --out names another file") from None
    except OSError as error:
        raise LedgerError(f"{path}: cannot be written ({_why(error)}); --out names another file") from None
    return signer, path


def load(name: str) -> Signer:
    """A person's private key, by name, or by the path of a `.key` file.

    Raises:
        LedgerError: There is none, others may read it, or it is not a key.
    """
    path = Path(name) if name.endswith(".key") and not _file(name).exists() else _file(name)
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise LedgerError(f"{path}: others may read this private key; chmod 600 {path}")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LedgerError(f"{path}: no key there; `fairwitness key new {name}` makes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"{path}: cannot be read ({_why(error)}); give the path of a .key file") from None
    try:
        first, second, held, _, material = text.strip().split("+", 4)
        raw = unbase64(material)
        signer = Signer(held, raw[1:])
        whole = f"{first}+{second}" == PRIVATE and len(raw) == 33 and signer.line() == text.strip() + "\n"
    except (ValueError, MalformedError):
        whole = False
    if not whole:
        raise LedgerError(f"{path}: not a private key of fairwitness; `fairwitness key new NAME` makes one")
    return signer


def sign(signer: Signer, statement: bytes) -> bytes:
    """The signer's Ed25519 signature, 64 bytes, over a statement; not over a note or checkpoint."""
    return signer.raw(STATEMENT + statement)


def verify(vkey: str | Key, statement: bytes, signature: bytes) -> bool:
    """Whether the holder of the public key signed the statement with `sign`.

    Raises:
        LedgerError: The key line is malformed, or `cryptography` is missing.
    """
    key = parse(vkey) if isinstance(vkey, str) else vkey
    available()
    return key.verifies(STATEMENT + statement, signature)


def parse(line: str) -> Key:
    """A public key from its line.

    Raises:
        LedgerError: It is malformed.
    """
    try:
        return Key.parse(line)
    except MalformedError as error:
        raise LedgerError(f"public key {line[:24]!r}...: {error}; copy the whole line") from None


def given(text: str) -> Key:
    """A public key as a user gives it: the line itself, or a file that holds it.

    Raises:
        LedgerError: It is neither.
    """
    path = Path(text)
    try:
        return parse(path.read_text(encoding="utf-8") if path.is_file() else text)
    except (OSError, UnicodeDecodeError):
        return parse(text)


def register(ledger: Ledger, vkey: str, *, role: str = "") -> int:
    """Record that a name has a public key; gives the entry's place. A key that is registered stays as it is.

    Raises:
        LedgerError: The line is malformed.
    """
    key = parse(vkey)
    for stored in ledger.find("key", key.name):
        if stored.entry.body.get("vkey") == key.line() and stored.entry.body.get("role") == role:
            return stored.index
    body = {"id": key.name, "vkey": key.line(), "role": role}
    return ledger.append([Entry(kind="key", body=body)])[0]


def registered(entries: Iterable[Stored]) -> dict[str, list[Registered]]:
    """The keys that `key` entries name, by holder, the newest last; such as `registered(ledger.read(["key"]))`."""
    found: dict[str, list[Registered]] = {}
    for stored in entries:
        body = stored.entry.body
        try:
            key = Key.parse(str(body.get("vkey")))
        except MalformedError:
            continue  # whoever wrote it: no signature can be checked by it
        found.setdefault(key.name, []).append(Registered(key=key, role=str(body.get("role") or ""), index=stored.index))
    return found


def available() -> None:
    """Refuse to go on without `cryptography`.

    Raises:
        LedgerError: It is not installed.
    """
    try:
        import cryptography  # noqa: F401 - is it there?
    except ImportError:
        raise LedgerError("signatures need the package cryptography; pip install 'fairwitness[ledger]'") from None


def _private(seed: bytes) -> Ed25519PrivateKey:
    available()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # the extra `ledger`

    return Ed25519PrivateKey.from_private_bytes(seed)


def _file(name: str) -> Path:
    return folder() / f"{name.replace('/', '_')}.key"


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else "not text"
