"""What a stranger is given can be checked without us, and nothing that was changed passes."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairwitness.accountability.ledger import Ledger, LedgerError, bundle, files, standalone
from fairwitness.accountability.ledger.keys import Signer
from support.ledgers import entries, log_of

JANE, IMPOSTOR = Signer("jane.doe", b"j" * 32), Signer("jane.doe", b"i" * 32)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Bundles of one log: `whole`, `part` (three of twenty entries), and a checkpoint taken `early`."""
    with Ledger(log_of(tmp_path_factory.mktemp("log") / "ledger.sqlite", 13)) as log:
        early = log.checkpoint(JANE)
        log.append(entries(7, kind="decision"))
        log.checkpoint(JANE)
        return {
            "whole": bundle.make(log, since=[early]),
            "part": bundle.make(log, places=[3, 11, 19], since=[early]),
            "early": str(early.note),
        }


def names(text: str, **given: Any) -> list[str]:  # the arguments of check
    return [problem.name for problem in standalone.check(text, **({"keys": [JANE.key]} | given)).problems]


def changed(text: str, change: Callable[[dict[str, Any]], object]) -> str:
    tree = json.loads(text)
    change(tree)
    return standalone.dump(tree)


def test_whole_and_part_hold_with_the_key_and_the_checkpoint_kept(made: dict[str, str]) -> None:
    for name in ("whole", "part"):
        result = standalone.check(made[name], keys=[JANE.key], since=[made["early"]])
        assert not result.problems
        assert "signed by jane.doe" in result.facts
    without = standalone.check(made["part"])
    assert not without.problems
    assert any(fact.startswith("unauthenticated") for fact in without.facts)


def swap(tree: dict[str, Any]) -> None:
    tree["entries"][1], tree["entries"][2] = tree["entries"][2], tree["entries"][1]


def edit(tree: dict[str, Any]) -> None:
    tree["entries"][1]["data"] = tree["entries"][1]["data"].replace('"id":"id', '"id":"ix')


@pytest.mark.parametrize(
    ("change", "whole", "part"),
    [
        (edit, "tampered", "tampered"),
        (swap, "re-ordered", "re-ordered"),
        (lambda tree: tree["entries"].pop(), "truncated", None),  # part of a log may be any part
        (lambda tree: tree["entries"].append(tree["entries"][-1]), "re-ordered", "re-ordered"),
        (lambda tree: tree.update(whole=not tree["whole"]), "tampered", "re-ordered"),
        (lambda tree: tree["earlier"][0]["proof"].pop(), "forked", "forked"),
        (lambda tree: tree.update(format="fairwitness-bundle-2"), "malformed", "malformed"),
        (lambda tree: tree.update(more=1), "malformed", "malformed"),
        (lambda tree: tree["entries"][0].update(data="{}"), "malformed", "malformed"),
        (lambda tree: tree["entries"][0].update(data=3), "malformed", "malformed"),
        (lambda tree: tree["entries"][0].update(proof="AAAA"), "malformed", "malformed"),
        (lambda tree: tree.update(checkpoint="none"), "malformed", "malformed"),
    ],
)
def test_each_fault_has_its_name(
    made: dict[str, str], change: Callable[[dict[str, Any]], object], whole: str, part: str | None
) -> None:
    assert whole in names(changed(made["whole"], change))
    assert names(changed(made["part"], change))[:1] == ([] if part is None else [part])


def resigned(tree: dict[str, Any]) -> None:
    from fairwitness.accountability.ledger import notes

    text = standalone.Note.parse(tree["checkpoint"]).text
    tree["checkpoint"] = str(notes.signed(text, [IMPOSTOR]))


def test_signed_by_another_key_under_the_same_name(made: dict[str, str]) -> None:
    assert names(changed(made["whole"], resigned)) == ["re-signed"]
    assert names(made["whole"], keys=[Signer("auditor", b"a" * 32).key]) == ["unsigned"]


def test_a_rewritten_log_is_forked_and_a_shorter_one_truncated(made: dict[str, str], tmp_path: Path) -> None:
    early = standalone.Checkpoint.parse(made["early"])
    with Ledger(log_of(tmp_path / "short.sqlite", 5)) as log:
        log.checkpoint(JANE)
        other = bundle.make(log)
    assert names(other, since=[made["early"]]) == ["forked"]  # of another origin

    def reforge(tree: dict[str, Any]) -> None:
        from fairwitness.accountability.ledger import notes

        point = standalone.Checkpoint.parse(tree["checkpoint"])
        tree["checkpoint"] = str(notes.signed(notes.text(early.origin, point.size, point.root), [JANE]))

    assert names(changed(other, reforge), since=[made["early"]]) == ["truncated"]
    with Ledger(log_of(tmp_path / "long.sqlite", 20)) as log:
        log.append(entries(3, kind="alert"))
        log.checkpoint(JANE)
        other, part = bundle.make(log), bundle.make(log, places=[1])
    again = changed(changed(other, reforge), edit)
    assert set(names(again, since=[made["early"]])) == {"tampered", "forked"}
    assert names(changed(part, reforge), since=[made["early"]]) == ["unsigned"]  # no proof either way: not accepted


BYTES = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 10**6), st.characters(min_codepoint=1, max_codepoint=127)),
    st.tuples(st.just("drop"), st.integers(0, 10**6), st.just("")),
    st.tuples(st.just("insert"), st.integers(0, 10**6), st.characters(codec="utf-8")),
)


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(which=st.sampled_from(["whole", "part"]), mutation=BYTES)
def test_no_mutated_bundle_is_accepted(made: dict[str, str], which: str, mutation: tuple[str, int, str]) -> None:
    """One character put, dropped or added anywhere: found, and never a traceback."""
    text = made[which]
    kind, place, sign = mutation
    at = place % len(text)
    mutated = text[:at] + sign + text[at + (kind != "insert") :]
    assert bool(names(mutated, since=[made["early"]])) == (mutated != text)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(first=st.integers(0, 2), second=st.integers(0, 2), field=st.sampled_from(["data", "proof"]))
def test_parts_of_entries_cannot_be_exchanged(made: dict[str, str], first: int, second: int, field: str) -> None:
    def exchange(tree: dict[str, Any]) -> None:
        one, other = tree["entries"][first], tree["entries"][second]
        one[field], other[field] = other[field], one[field]

    assert bool(names(changed(made["part"], exchange))) == (first != second)


def test_an_entry_newer_than_the_checkpoint_is_not_bundled(tmp_path: Path) -> None:
    with Ledger(log_of(tmp_path / "ledger.sqlite", 3)) as log:
        with pytest.raises(LedgerError, match="nothing is signed yet"):
            bundle.make(log)
        log.checkpoint(JANE)
        log.append(entries(1))
        with pytest.raises(LedgerError, match="newer than the last checkpoint"):
            bundle.make(log, places=[3])
        with pytest.raises(LedgerError, match="entry or size 9"):
            bundle.make(log, places=[9])
        assert json.loads(bundle.make(log))["whole"]


def isolated(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Python with nothing of ours to import; a stand-in for a stranger's machine."""
    code = (
        "import sys, runpy; sys.modules['fairwitness'] = None; sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", code, *words], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_the_file_of_the_verifier_runs_alone(made: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(Path(str(standalone.__file__)).read_bytes())
    (tmp_path / "bundle.json").write_text(made["part"], encoding="utf-8")
    (tmp_path / "early").write_text(made["early"], encoding="utf-8")
    (tmp_path / "bad.json").write_text(changed(made["part"], edit), encoding="utf-8")
    key = ["--key", JANE.vkey]
    good = isolated("verify.py", "bundle.json", *key, "--since", "early", cwd=tmp_path)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.splitlines()[-1] == "holds"
    bad = isolated("verify.py", "bad.json", *key, cwd=tmp_path)
    assert bad.returncode == 1
    assert "tampered: entry 11" in bad.stdout
    for words in (["absent.json", *key], ["bundle.json", "--key", "nonsense"]):
        wrong = isolated("verify.py", *words, cwd=tmp_path)
        assert wrong.returncode == 2
        assert len(wrong.stderr.splitlines()) == 1


def test_a_giant_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "bundle.json").open("wb") as file:
        file.truncate(2**40)  # sparse: takes no room
    (tmp_path / "verify.py").write_bytes(Path(str(standalone.__file__)).read_bytes())
    alone = isolated("verify.py", "bundle.json", cwd=tmp_path)
    assert (alone.returncode, alone.stderr.count("\n")) == (2, 1)
    assert "larger than 512 MiB" in alone.stderr
    with pytest.raises(LedgerError, match="larger than 512 MiB"):
        files.text(tmp_path / "bundle.json")


def test_the_verifier_imports_only_the_standard_library_and_cryptography() -> None:
    import ast

    tree = ast.parse(Path(str(standalone.__file__)).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names) | {"cryptography"}
