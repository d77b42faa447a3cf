"""Notes, checkpoints and cosignatures as other logs write them."""

import base64
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairwitness.accountability.ledger import Ledger, LedgerError, keys, notes, witness
from fairwitness.accountability.ledger.keys import Signer
from fairwitness.accountability.ledger.standalone import Checkpoint, Key, MalformedError, Note, Result
from support.ledgers import entries, log_of

# The example of Go's note package (golang.org/x/mod/sumdb/note).
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# A checkpoint of the Go checksum database, whose public key is built into the go command.
SUMDB_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUMDB = (
    "go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— sum.golang.org "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
JANE, WITNESS = Signer("jane.doe", b"j" * 32), Signer("witness.example/w1", b"w" * 32)


def holds(checkpoint: Checkpoint, key: Key) -> bool:
    return checkpoint.signed_by(key, Result())


def test_the_note_of_gos_documentation() -> None:
    signer = Signer("PeterNeumann", GO_SEED)
    assert signer.vkey == GO_KEY
    assert str(notes.signed(GO_TEXT, [signer])) == f"{GO_TEXT}\n{GO_LINE}"
    note = Note.parse(f"{GO_TEXT}\n{GO_LINE}")
    assert note.text == GO_TEXT
    assert note.lines[0].state(note.text, Key.parse(GO_KEY)) == "signed"
    assert note.lines[0].state(note.text.replace("problem is", "problems are"), Key.parse(GO_KEY)) == "wrong"


def test_a_checkpoint_of_the_go_checksum_database() -> None:
    checkpoint = Checkpoint.parse(SUMDB)
    assert (checkpoint.origin, checkpoint.size) == ("go.sum database tree", 20852163)
    assert holds(checkpoint, Key.parse(SUMDB_KEY))
    assert str(checkpoint.note) == SUMDB


def test_key_ids_are_those_of_the_specification() -> None:
    for kind in (1, 4):
        made = sha256(b"jane.doe\n" + bytes([kind]) + JANE.key.public).digest()[:4]
        assert JANE.key.id(kind) == made
        assert Key.parse(JANE.key.line(kind)) == JANE.key


def test_a_cosignature_is_over_the_time_and_the_text() -> None:
    checkpoint = Checkpoint.parse(str(notes.signed(notes.text("log", 3, b"r" * 32), [JANE])))
    note = notes.cosigned(checkpoint.note, WITNESS, time=1679315147)
    raw = base64.b64decode(str(note).splitlines()[-1].split(" ")[2])
    assert raw[:4] == WITNESS.key.id(4)
    assert int.from_bytes(raw[4:12]) == 1679315147
    message = f"cosignature/v1\ntime 1679315147\n{checkpoint.note.text}".encode()
    assert raw[12:] == WITNESS.raw(message)
    cosigned = Checkpoint.parse(str(note))
    assert holds(cosigned, WITNESS.key)
    assert holds(cosigned, JANE.key)
    again = notes.cosigned(note, WITNESS, time=1679315148)
    assert len(again.lines) == 2  # a newer cosignature takes the place of the older


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name AAAA\n",
        "text\n\n- name AAAAAAAA\n",
        "text\n\n— na+me AAAAAAAA\n",
        "text\n\n—  AAAAAAAA\n",
        "text\n\n— name AAAAAAAA",
        "text\n\n— name AAAAAAA\n",
        "text\n\n— name AAAAAAB=\n",  # not the canonical writing
        "text\n\n— name AAAAAAAA extra\n",
        "te\txt\n\n— name AAAAAAAA\n",
        "te\rxt\n\n— name AAAAAAAA\n",
        "text\n\n" + "— name AAAAAAAA\n" * 101,
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(MalformedError):
        Note.parse(note)


@pytest.mark.parametrize(
    "text",
    ["log\n3\n", "log\n03\nR\n", "log\n-3\nR\n", "\n3\nR\n", "log\n3\nAAAA\n", "log\n٣\nR\n", "log\n3\nR\n\nmore\n"],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    root = base64.b64encode(b"r" * 32).decode()
    with pytest.raises(MalformedError):
        Checkpoint.parse(f"{text.replace('R', root)}\n— name AAAAAAAA\n")


@pytest.mark.parametrize(
    "line",
    ["", "name", "na me+00000000+AAAA", GO_KEY[:-1], GO_KEY.replace("c7", "c8"), GO_KEY.replace("Peter", "Petra")],
)
def test_what_is_no_key_is_refused(line: str) -> None:
    with pytest.raises(LedgerError):
        keys.parse(line)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(place=st.integers(0, 10_000), sign=st.characters(codec="utf-8"), kind=st.sampled_from(["put", "insert", "drop"]))
def test_no_mutated_note_is_accepted(place: int, sign: str, kind: str) -> None:
    note = str(notes.cosigned(notes.signed(notes.text("log", 3, b"r" * 32), [JANE]), WITNESS, time=1_700_000_000))
    at = place % len(note)
    changed = note[:at] + ("" if kind == "drop" else sign) + note[at + (kind != "insert") :]
    try:
        checkpoint = Checkpoint.parse(changed)
    except MalformedError:
        return
    accepted = holds(checkpoint, JANE.key) and holds(checkpoint, WITNESS.key)
    assert accepted == (changed == note)


# Keys


def test_a_new_key_is_the_owners_alone_and_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    signer, path = keys.new("jane.doe")
    assert path == tmp_path / "fairwitness" / "keys" / "jane.doe.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.load("jane.doe") == keys.load(str(path)) == signer
    assert signer.seed.hex() not in repr(signer)
    odd, _ = keys.new("office.key")  # a name that looks like a file
    assert keys.load("office.key") == odd
    with pytest.raises(LedgerError, match="is there already"):
        keys.new("jane.doe")
    path.chmod(0o644)
    with pytest.raises(LedgerError, match="chmod 600"):
        keys.load("jane.doe")
    path.chmod(0o600)
    path.write_text(path.read_text().replace("jane", "john"), encoding="utf-8")
    with pytest.raises(LedgerError, match="not a private key"):
        keys.load("jane.doe")
    with pytest.raises(LedgerError, match="key new nobody"):
        keys.load("nobody")
    with pytest.raises(LedgerError, match=r"jane\.doe"):
        keys.new("jane doe")


def test_gos_private_key_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "peter.key"
    path.write_text(
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n", encoding="utf-8"
    )
    path.chmod(0o600)
    assert keys.load(str(path)).vkey == GO_KEY


def test_statements_are_not_notes() -> None:
    text = notes.text("log", 3, b"r" * 32).encode()
    statement = keys.sign(JANE, text)
    assert keys.verify(JANE.vkey, text, statement)
    assert not keys.verify(JANE.vkey, text, JANE.raw(text))
    assert not JANE.key.verifies(text, statement)
    assert not keys.verify(WITNESS.vkey, text, statement)


def test_registered_keys_are_listed_and_not_doubled(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as log:
        assert keys.register(log, JANE.vkey, role="owner") == keys.register(log, JANE.vkey, role="owner") == 0
        newer = Signer("jane.doe", b"n" * 32)
        keys.register(log, newer.vkey)
        held = keys.registered(log.read(["key"]))
    assert [(item.key, item.role) for item in held["jane.doe"]] == [(JANE.key, "owner"), (newer.key, "")]


def test_without_cryptography_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "cryptography", None)
    path = log_of(tmp_path / "ledger.sqlite", 3)
    with Ledger(path) as log, pytest.raises(LedgerError, match=r"pip install 'fairwitness\[ledger\]'"):
        log.checkpoint(JANE)


# Witnesses


def request(log: Ledger, old: int) -> notes.Request:
    point = log.checkpoint(JANE)
    return notes.Request(old, tuple(log.consistency(old)), point)


def test_a_witness_follows_a_log_that_grows(tmp_path: Path) -> None:
    memory = tmp_path / "memory.sqlite"
    with Ledger(log_of(tmp_path / "ledger.sqlite", 5)) as log:
        with pytest.raises(witness.RefusedError, match="--key"):
            witness.cosign(request(log, 0), WITNESS, path=memory, now=1)
        witness.cosign(request(log, 0), WITNESS, path=memory, key=JANE.key, now=1)
        log.append(entries(4))
        asked = request(log, 5)
        assert notes.Request.parse(str(asked)) == asked
        note = witness.cosign(asked, WITNESS, path=memory, now=2)
        assert holds(log.keep(note), WITNESS.key)
    last = witness.last(WITNESS.name, asked.checkpoint.origin, path=memory)
    assert last is not None
    assert last.size == 9


def test_a_witness_refuses_what_contradicts_what_it_cosigned(tmp_path: Path) -> None:
    memory, path = tmp_path / "memory.sqlite", log_of(tmp_path / "ledger.sqlite", 5)
    fork = tmp_path / "fork.sqlite"
    fork.write_bytes(path.read_bytes())
    with Ledger(path) as log:
        first = request(log, 0)
        log.append(entries(4))
        witness.cosign(request(log, 0), WITNESS, path=memory, key=JANE.key, now=1)
        with pytest.raises(witness.RefusedError, match="truncated"):
            witness.cosign(first, WITNESS, path=memory, now=2)
        log.append(entries(1))
        with pytest.raises(witness.RefusedError, match="--since 9"):
            witness.cosign(request(log, 5), WITNESS, path=memory, now=2)
        impostor = Signer("jane.doe", b"i" * 32)
        forged = Checkpoint.parse(str(notes.signed(first.checkpoint.note.text, [impostor])))
        with pytest.raises(witness.RefusedError, match="re-signed"):
            witness.cosign(notes.Request(9, (), forged), WITNESS, path=memory, now=2)
    with Ledger(fork) as log:
        log.append(entries(6, kind="alert"))
        with pytest.raises(witness.RefusedError, match="forked"):
            witness.cosign(request(log, 9), WITNESS, path=memory, now=2)


def test_a_proof_of_one_entry_is_a_tlog_proof(tmp_path: Path) -> None:
    with Ledger(log_of(tmp_path / "ledger.sqlite", 5)) as log:
        point = log.checkpoint(JANE)
        lines = notes.inclusion_proof(3, log.inclusion(3), point).split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 3"]
    assert len(lines[2 : lines.index("")]) == 3
    assert "\n".join(lines[lines.index("") + 1 :]) == str(point.note)
