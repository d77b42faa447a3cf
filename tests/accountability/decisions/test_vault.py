"""What is personal is unreadable without its key, and gone without it."""

import hashlib
import hmac
import json
import stat
import sys
from pathlib import Path

import pytest

from fairwitness.accountability.decisions import vault as vaults
from fairwitness.accountability.decisions.errors import VaultError
from fairwitness.accountability.decisions.vault import Vault, commit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "safe" / "vault.sqlite"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_the_owners_alone(path: Path) -> None:
    with Vault(path):
        assert (mode(path.parent), mode(path), mode(path.with_suffix(".key"))) == (0o700, 0o600, 0o600)


def test_a_commitment_is_the_hmac_of_canonical_json() -> None:
    body, salt = {"b": 1, "a": "ö"}, bytes(range(32))
    by_hand = hmac.new(salt, '{"a":"ö","b":1}'.encode(), hashlib.sha256).hexdigest()
    assert commit(salt, body) == by_hand


def test_a_record_reads_back_and_only_in_its_place(path: Path) -> None:
    with Vault(path) as vault, vault.transaction():
        person = vault.admit("Maria Muster")
        sealed, commitment = person.seal({"score": 0.25}, about="one")
        assert person.unseal(sealed, about="one") == ({"score": 0.25}, commitment)
        for where, wrong in (("two", sealed), ("one", sealed[:-1] + bytes([sealed[-1] ^ 1]))):
            with pytest.raises(VaultError, match="changed from outside"):
                person.unseal(wrong, about=where)


def test_two_commitments_to_one_body_differ(path: Path) -> None:
    """Equal records cannot be told by equal commitments."""
    with Vault(path) as vault, vault.transaction():
        person = vault.admit("Maria Muster")
        assert person.seal({"a": 1}, about="x")[1] != person.seal({"a": 1}, about="x")[1]


def test_a_person_has_one_key_and_others_have_others(path: Path) -> None:
    with Vault(path) as vault:
        with vault.transaction():
            maria, nora = vault.admit("Maria"), vault.admit("Nora")
        again = vault.person("Maria")
        assert again is not None
        assert again.pseudonym("x") == maria.pseudonym("x") != nora.pseudonym("x")
        assert vault.person("Otto") is None
        sealed, _ = maria.seal({}, about="x")
        with pytest.raises(VaultError):
            nora.unseal(sealed, about="x")


def test_forgetting_leaves_no_byte_of_key_or_record(path: Path) -> None:
    with Vault(path) as vault:
        with vault.transaction():
            person = vault.admit("Maria Muster")
            vault.admit("Nora Nemo")
            (wrapped,) = vault.run("SELECT key FROM people WHERE person = ?", person.handle).fetchone()
            sealed, _ = person.seal({"text": "x" * 9000}, about="hold x")  # long enough for pages of its own
            vault.run(
                "INSERT INTO notes (person, kind, about, sealed) VALUES (?, 'hold', 'x', ?)", person.handle, sealed
            )
        pseudonym = person.pseudonym("person")
        parts = [sealed[place : place + 32] for place in range(0, len(sealed) - 32, 500)]
        assert wrapped in path.read_bytes()
        assert all(part in path.read_bytes() for part in parts)
        with vault.transaction():
            vault.forget(person)
        left = b"".join(file.read_bytes() for file in path.parent.iterdir())
        assert not any(part in left for part in (wrapped, person.handle, *parts))
        with vault.transaction():
            assert vault.admit("Maria Muster").pseudonym("person") != pseudonym


def test_the_key_belongs_to_the_vault(path: Path) -> None:
    Vault(path).close()
    key = path.with_suffix(".key")
    kept = key.read_text()
    key.unlink()
    with pytest.raises(VaultError, match=r"the key of the vault is missing; bring it back"):
        Vault(path)
    assert not key.exists()
    key.touch(0o600)
    key.write_text("0" * 64)
    with pytest.raises(VaultError, match="not the key of this vault"):
        Vault(path)
    for text in ("short", "0" * 62, "ö"):
        key.write_text(text, encoding="utf-8")
        with pytest.raises(VaultError, match="not a vault key"):
            Vault(path)
    key.write_text(kept)
    Vault(path).close()
    key.chmod(0o640)
    with pytest.raises(VaultError, match=r"others may read this key.*chmod 600"):
        Vault(path)


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    """As when the ledger is put into a shared folder, or the one that one happens to be in."""
    tmp_path.chmod(0o755)
    with Vault(tmp_path / "vault.sqlite"):
        assert (mode(tmp_path), mode(tmp_path / "vault.sqlite"), mode(tmp_path / "vault.key")) == (0o755, 0o600, 0o600)


def test_another_file_is_no_vault(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"not": "sqlite"}) * 200)
    with pytest.raises(VaultError, match="cannot be used as a vault"):
        Vault(path)


def test_a_failed_transaction_leaves_nothing(path: Path) -> None:
    def fails(vault: Vault) -> None:
        with vault.transaction():
            vault.admit("Maria")
            raise ZeroDivisionError

    with Vault(path) as vault:
        with pytest.raises(ZeroDivisionError):
            fails(vault)
        assert vault.person("Maria") is None


def test_a_full_disk_is_one_line_and_loses_nothing(path: Path) -> None:
    with Vault(path) as vault:
        with vault.transaction():
            vault.admit("Maria")
        (pages,) = vault.run("PRAGMA page_count").fetchone()
        vault.run(f"PRAGMA max_page_count = {pages + 1}")

        def fill() -> None:
            with vault.transaction():
                for number in range(500):
                    vault.admit(str(number))

        with pytest.raises(VaultError, match="the disk is full"):
            fill()
        assert vault.person("Maria") is not None
        assert vault.run("SELECT count(*) FROM people").fetchone() == (1,)


def test_a_vault_in_use_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vaults, "WAIT", 0.05)
    with Vault(path) as one, Vault(path) as other, one.transaction():

        def write() -> None:
            with other.transaction():
                pass

        with pytest.raises(VaultError, match="another program kept it locked"):
            write()


def test_without_the_extra_one_line_says_how_to_install_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(VaultError, match=r"pip install 'fairwitness\[ledger\]'"):
        Vault(path)
    assert not path.parent.exists()
