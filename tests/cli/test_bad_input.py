"""Whatever the input: one line that says where, what and the way out; exit code 2; nothing half-written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import run

HEAD = "age,sex,score,approved\n"
ROWS = "".join(f"{20 + i % 50},{'f' if i % 3 else 'm'},0.{i % 10},{i % 2}\n" for i in range(100))
GOOD = HEAD + ROWS
AUDIT = "audit data.csv --target approved --group sex --out report"


def csv(text: str | bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "data.csv").write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


def toml(text: str, data: str = GOOD) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "data.csv").write_text(data, encoding="utf-8")
        (folder / "audit.toml").write_text(text, encoding="utf-8")

    return write


def folder_named_data(folder: Path) -> None:
    (folder / "data.csv").mkdir()


def empty_parquet(folder: Path) -> None:
    (folder / "data.parquet").touch()


def a_file_where_the_folder_should_be(folder: Path) -> None:
    (folder / "data.csv").write_text(GOOD, encoding="utf-8")
    (folder / "report").write_text("mine", encoding="utf-8")


def a_factory_that_raises(folder: Path) -> None:
    toml('[data]\npath="data.csv"\n[subject]\ntarget="approved"\ngroups=["sex"]\n[model]\nfactory="net:build"\n')(
        folder
    )
    (folder / "net.py").write_text("def build():\n    raise RuntimeError('no weights today')\n", encoding="utf-8")


def a_network_of(out: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        text = '[data]\npath="data.csv"\n[subject]\ntarget="approved"\ngroups=["sex"]\nexclude=["score"]\n'
        toml(text + '[model]\nfactory="net:build"\n')(folder)
        code = f"import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return {out}\n\n\n"
        (folder / "net.py").write_text(code + "def build():\n    return Net()\n", encoding="utf-8")

    return write


def a_file(name: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        csv(GOOD)(folder)
        (folder / name).write_bytes(b"\x80\x04neither\n" * 9)

    return write


CONFIG = '[data]\npath = "data.csv"\n[subject]\ntarget = "approved"\n'

CASES: dict[str, tuple[Callable[[Path], None], str, tuple[str, ...]]] = {
    "missing file": (csv(GOOD), AUDIT.replace("data.csv", "dat.csv"), ("dat.csv", "data.csv")),
    "unknown column": (
        csv(GOOD),
        AUDIT.replace("--group sex", "--group sx"),
        ("no column 'sx'", "did you mean 'sex'?"),
    ),
    "unknown target": (csv(GOOD), AUDIT.replace("approved", "aproved"), ("'aproved'", "did you mean 'approved'?")),
    "one class": (csv(HEAD + ROWS.replace(",0\n", ",1\n")), AUDIT, ("'approved'", "one value only")),
    "scores outside 0 to 1": (csv(GOOD), AUDIT + " --score age", ("'age'", "[0, 1]")),
    "missing scores": (csv(GOOD.replace(",0.3,", ",,")), AUDIT + " --score score", ("'score'", "10 rows")),
    "missing decisions": (csv(GOOD.replace(",0.3,", ",,")), AUDIT + " --decision score", ("'score'", "10 empty rows")),
    "empty file": (csv(""), AUDIT, ("data.csv", "empty")),
    "header alone": (csv(HEAD), AUDIT, ("data.csv", "no rows")),
    "ragged": (csv(GOOD + "1,2\n"), AUDIT, ("data.csv", "line 102")),
    "0-byte parquet": (empty_parquet, AUDIT.replace("data.csv", "data.parquet"), ("data.parquet", "empty")),
    "folder in place of a file": (folder_named_data, AUDIT, ("data.csv", "folder")),
    "not UTF-8": (csv(GOOD.encode() + b"3,\xff\xfe,0.1,1\n"), AUDIT, ("data.csv", "UTF-8")),
    "favorable never occurs": (csv(GOOD), AUDIT + " --favorable 7", ("favorable", "'7'", "0, 1")),
    "positive never occurs": (csv(GOOD), AUDIT + " --positive yes", ("positive", "'yes'", "0, 1")),
    "target as its own group": (
        csv(GOOD),
        AUDIT.replace("--group sex", "--group approved"),
        ("approved", "its own group"),
    ),
    "unknown --only": (csv(GOOD), AUDIT + " --only fairnes", ("'fairnes'", "did you mean 'fairness'?")),
    "unknown --skip": (csv(GOOD), AUDIT + " --skip data.proxy", ("'data.proxy'", "did you mean 'data.proxies'?")),
    "unknown preset": (csv(GOOD), AUDIT + " --preset eeoc", ("preset", "eeoc-four-fifths")),
    "misspelt key": (toml(CONFIG + 'gruops = ["sex"]\n'), "audit audit.toml", ("audit.toml", "'gruops'", "'groups'")),
    "broken TOML": (toml("[subject\n"), "audit audit.toml", ("audit.toml", "not valid TOML", "line 1")),
    "unknown limit": (
        toml(CONFIG + '[limits]\n"fairness.gap" = { at_most = 0.1 }\n'),
        "audit",
        ("audit.toml", "'fairness.gap'"),
    ),
    "unknown option": (
        toml(CONFIG + '[options."data.exact-duplicates"]\nspeed = 3\n'),
        "audit",
        ("data.exact-duplicates", "'speed'"),
    ),
    "unwritable output": (a_file_where_the_folder_should_be, AUDIT, ("report", "cannot be written")),
    "no config": (csv(GOOD), "audit", ("audit.toml", "fairwitness init")),
    "not an expression": (csv(GOOD), AUDIT + " --decision 'score >> 5'", ("score >> 5",)),
    "an expression that would run code": (csv(GOOD), AUDIT + " --decision '__import__(\"os\")'", ("__import__",)),
    "expression over an unknown column": (csv(GOOD), AUDIT + " --decision 'scor >= 0.5'", ("'scor'", "'score'")),
    "a number as a group": (csv(GOOD), AUDIT.replace("--group sex", "--group age"), ("'age'", "edges")),
    "NaN in predictions": (a_network_of("x[:, 0] * float('nan')"), "audit", ("NaN",)),
    "output shape": (a_network_of("x.expand(-1, 1).repeat(1, 5)"), "audit", ("5",)),
    "a factory that raises": (a_factory_that_raises, "audit", ("net:build", "no weights today")),
    "a factory that is not there": (
        toml(CONFIG + '[model]\nfactory = "nowhere:build"\n'),
        "audit",
        ("nowhere",),
    ),
    "a pickle for a model": (
        toml(CONFIG + '[model]\nweights = "model.joblib"\n'),
        "audit",
        ("audit.toml", ".joblib", "black_box = 'module:function'"),
    ),
    "a graph that is none": (
        a_file("model.onnx"),
        "audit data.csv --target approved --weights model.onnx",
        ("model.onnx: cannot be read",),
    ),
    "a program that is none": (
        a_file("model.pt2"),
        "audit data.csv --target approved --weights model.pt2",
        ("model.pt2: cannot be read (BadZipFile", "save it again"),
    ),
    "a checkpoint that is none": (
        a_file("model.ckpt"),
        "audit data.csv --target approved --weights model.ckpt --factory torch.nn:Identity",
        ("model.ckpt: ",),
    ),
    "a black box that is not there": (
        csv(GOOD),
        "audit data.csv --target approved --black-box nowhere:load",
        ("no module 'nowhere'",),
    ),
    "a threshold nothing uses": (
        toml(CONFIG + "[model]\nthreshold = 0.4\n"),
        "audit",
        ("audit.toml: [model] threshold goes with", "take it out"),
    ),
    "a baseline that is not there": (csv(GOOD), AUDIT + " --baseline old.json", ("old.json",)),
    "findings that are not": (csv(GOOD), "report data.csv", ("data.csv",)),
    "an unknown check": (csv(GOOD), "checks fairness.selection-gap", ("did you mean 'fairness.selection-rate-gap'?",)),
    "init over a file": (toml("x = 1"), "init data.csv", ("audit.toml", "--force")),
    "init of nothing": (csv(GOOD), "init nothing.csv", ("nothing.csv",)),
    "a package that is not installed": (csv(GOOD), "audit package:nothere/x.csv --target y", ("pip install nothere",)),
    "a waiver of nothing": (
        toml('[[waivers]]\ncheck = "data.x"\nowner = "o"\nreason = "r"\nexpires = 2030-01-01\n' + CONFIG),
        "audit",
        ("'data.x'",),
    ),
    "reference of no group": (toml(CONFIG + "[reference.sex]\nf = 0.5\nm = 0.5\n"), "audit", ("[reference.sex]",)),
    "a group nobody lists": (toml(CONFIG + '[groups.sex]\ncolumn = "sex"\n'), "audit", ("[groups.sex]",)),
    "training on a quantity": (csv(GOOD), "audit data.csv --target age --train mlp", ("'age'", "quantity")),
    "training without a target": (csv(GOOD), "audit data.csv --train mlp", ("target",)),
    "an option the recipe lacks": (
        toml(CONFIG + '[model]\ntrain = "mlp"\n[model.options]\nepoch = 3\n'),
        "audit",
        ("'epoch'", "did you mean 'epochs'?"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_line_and_exit_2(name: str, tmp_path: Path) -> None:
    prepare, command, words = CASES[name]
    prepare(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    ran = run(command, cwd=tmp_path)
    assert ran.code == 2, ran
    assert not ran.out
    assert len(ran.err.strip().splitlines()) == 1, ran.err
    assert ran.err.startswith("fairwitness: ")
    for word in words:
        assert word in ran.err
    written = {path for path in tmp_path.rglob("*") if path.is_file() and path not in before}
    assert not {path.name for path in written} & {"findings.json", "report.html"}
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())


def test_mixed_types_are_a_category_and_noted(tmp_path: Path) -> None:
    csv(GOOD.replace("20,", "twenty,"))(tmp_path)
    ran = run(AUDIT + " --format json", cwd=tmp_path)
    assert ran.code in {0, 1}, ran.err
    assert "'age'" in ran.out or "age" in ran.out


def test_one_member_is_uncertain_and_one_group_not_applicable(tmp_path: Path) -> None:
    csv(GOOD.replace("20,m,", "20,x,", 1))(tmp_path)
    ran = run(AUDIT + " --favorable 1 --only fairness.selection-rate-gap --format markdown", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "uncertain" in ran.out.lower()
    csv(GOOD.replace(",f,", ",m,"))(tmp_path)
    ran = run(AUDIT + " --favorable 1 --only fairness.selection-rate-gap --format markdown", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "one group" in ran.out
