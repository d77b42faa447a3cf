from pathlib import Path

import pytest

from fairwitness.core.errors import ConfigError
from fairwitness.core.estimate import Severity
from fairwitness.engine.config import lay_over, merge, parse, read


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"subjet": {}}, "audit.toml: no setting 'subjet' in the top level; did you mean 'subject'?"),
        ({"subject": {"favourable": 1}}, "no setting 'favourable' in [subject]; did you mean 'favorable'?"),
        ({"groups": {"race": {"colum": "x"}}}, "did you mean 'column'?"),
        ({"seed": -1}, "audit.toml: seed is -1"),
        ({"seed": "many"}, "seed is 'many'"),
        ({"level": 1.5}, "level is 1.5"),
        ({"gate": {"fail_on": "sever"}}, "gate.fail_on is 'sever'"),
        (
            {"model": {"train": "mpl"}},
            "model.train: no recipe 'mpl', and no module:factory of your own; did you mean 'mlp'?",
        ),
        (
            {"model": {"train": "mlp", "decision": "x"}},
            "model: give one of train, saved, factory (with weights), weights of a graph, black_box, or decision",
        ),
        ({"model": {"weights": "m.safetensors"}}, "weights need factory"),
        ({"model": {"black_box": "m:f", "factory": "m:g"}}, "model: give one of train, saved, factory"),
        ({"model": {"weights": "m.joblib"}}, "model: a .joblib file runs code when it is opened"),
        (
            {"model": {"weights": "m.onnx", "factory": "m:g"}},
            "model: a .onnx file is a whole network; take factory out",
        ),
        ({"model": {"factory": "m:g", "encode": "m:e"}}, "model: encode goes with weights of a graph (.onnx or .pt2)"),
        ({"groups": {"race": {"column": "r", "indicators": {"a": "A"}}}}, "indicators stand alone"),
        ({"split": {"train": 0.9, "tune": 0.2}}, "leave no rows to audit"),
        ({"limits": {"x": {"at_least": 2, "at_most": 1}}}, "nothing could pass"),
        ({"limits": {"x": {}}}, "at_most, at_least, or both"),
        ({"context": {"ownr": "me"}}, "no question 'ownr'; did you mean 'owner'?"),
        ({"reference": {"race": {"a": 0.5, "b": 0.1}}}, "must add up to 1"),
        ({"roles": {"aprover": "A"}}, "no setting 'aprover' in [roles]; did you mean 'approver'?"),
        ({"roles": {"owner": 7}}, "roles.owner: 7 is not a name or a list of names"),
        ({"policy": {"valid_days": 0}}, "policy.valid_days is 0"),
        ({"waivers": [{"check": "a", "reason": "b", "expires": "2030-01-01"}]}, "waivers.0.owner is missing"),
        ({"waivers": [{"check": "a", "owner": "o", "reason": "b", "expires": "soon"}]}, "waivers.0.expires is 'soon'"),
    ],
)
def test_a_wrong_setting_is_one_line_with_the_way_out(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(settings, source="audit.toml")
    assert words in str(caught.value)
    assert str(caught.value).startswith("audit.toml: ")
    assert "\n" not in str(caught.value)


def test_empty_settings_are_complete() -> None:
    config = parse({}, source="here")
    assert config.gate.fail_on is Severity.MEDIUM
    assert config.split.train + config.split.tune < 1


def test_equal_settings_have_one_digest() -> None:
    first = parse({"seed": 1, "subject": {"target": "y"}}, source="a")
    again = parse({"subject": {"target": "y"}, "seed": 1}, source="b")
    assert first.digest == again.digest
    assert first.digest != parse({"seed": 2, "subject": {"target": "y"}}, source="a").digest


def test_flags_lie_over_the_file() -> None:
    under = {"seed": 1, "subject": {"target": "y", "groups": ["a"]}}
    over = {"seed": None, "subject": {"target": "z", "positive": None}, "model": {"train": None}}
    assert merge(under, over) == {"seed": 1, "subject": {"target": "z", "groups": ["a"]}}


def test_an_unanswered_question_is_not_an_answer() -> None:
    assert dict(parse({"context": {"owner": "  ", "purpose": " loans "}}, source="x").context) == {"purpose": "loans"}


def test_a_role_is_a_name_or_a_list_of_names() -> None:
    config = parse({"roles": {"owner": " Ada  Byron ", "builder": ["B", "C", "B", " "]}}, source="x")
    assert config.roles.named() == {"owner": ("Ada Byron",), "builder": ("B", "C")}


def test_files(tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text('name = "x"', encoding="utf-8")
    assert read(tmp_path) == read(tmp_path / "audit.toml") == {"name": "x"}
    project = tmp_path / "pyproject.toml"
    project.write_text('[tool.fairwitness]\nname = "y"', encoding="utf-8")
    assert read(project) == {"name": "y"}
    project.write_text("[tool.other]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"no \[tool.fairwitness\] table"):
        read(project)


@pytest.mark.parametrize(
    ("content", "words"), [(b"name = ", "not valid TOML"), (b'name = "\xff"', "not UTF-8 at byte 8")]
)
def test_broken_files(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "audit.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        read(path)
    with pytest.raises(ConfigError, match="no such file"):
        read(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    ("over", "kept"),
    [
        ({"train": "cnn"}, {"device": "cpu", "sensitive_features": True}),
        ({"score": "p"}, {"threshold": 0.3, "sensitive_features": True}),
        ({"threshold": 0.4}, {"factory": "a:b", "activation": "logits", "seen": "none", "device": "cpu"}),
        ({"black_box": "c:d"}, {"threshold": 0.3}),
    ],
)
def test_a_source_given_on_the_spot_displaces_what_was_said_of_another(
    over: dict[str, object], kept: dict[str, object]
) -> None:
    said = {"activation": "logits", "seen": "none", "threshold": 0.3, "device": "cpu", "sensitive_features": True}
    laid = lay_over({"model": {"factory": "a:b", **said}}, {"model": over})["model"]
    assert {**over, **kept}.items() <= laid.items()
    if over.keys() != {"threshold"}:
        assert not {"factory", "activation", "seen"} & set(laid)
    if "train" in over:
        assert "threshold" not in laid


def test_what_roles_and_appeals_say_answers_the_questions_that_ask_for_it() -> None:
    roles, appeals = {"owner": ["Ada Byron", "Cy Dale"]}, {"contact": "Appeals desk\n1 Main Street"}
    answers = parse({"roles": roles, "appeals": appeals}, source="a").answers
    assert answers == {"owner": "Ada Byron, Cy Dale", "appeal_contact": "Appeals desk 1 Main Street"}
    context = {"owner": "The board", "purpose": "Lending."}
    assert parse({"roles": roles, "context": context}, source="a").answers == context
    assert parse({}, source="a").answers == {}


def test_data_in_place_of_settings_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("age,sex\n1,2\n", encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"holds no settings; name an audit.toml, which `fairwitness init DATA` writes"
    ):
        read(tmp_path / "people.csv")
