from itertools import combinations_with_replacement

import pytest

from fairwitness.core.blueprint import CONFLICTS, POST, TRAIN, Acts, Blueprint, ConflictError, Edit, check_conflicts
from fairwitness.core.digest import digest

REWEIGH = Edit(id="fairness.reweigh", acts="example")
PENALTY = Edit(id="fairness.rate-penalty", acts="batch", options=(("strength", 0.5),))
PRIVATE = Edit(id="privacy.private-clipping", acts="example-gradient", options=(("epsilon", 3.0),))
THRESHOLDS = Edit(id="fairness.group-thresholds", acts="decision")
KINDS: tuple[Acts, ...] = ("rows", *sorted(TRAIN), *sorted(POST))


def test_edits_go_where_they_act_in_the_order_given() -> None:
    oversample = Edit(id="data.oversample", acts="rows")
    made = Blueprint(recipe="mlp").with_edit(THRESHOLDS).with_edit(PENALTY).with_edit(oversample).with_edit(REWEIGH)
    assert made == Blueprint(recipe="mlp", rows=(oversample,), train=(PENALTY, REWEIGH), post=(THRESHOLDS,))
    assert made.edits == (oversample, PENALTY, REWEIGH, THRESHOLDS)


def test_a_batch_penalty_and_private_clipping_are_refused_by_name_with_the_reason() -> None:
    with pytest.raises(ConflictError) as caught:
        Blueprint(recipe="mlp").with_edit(PENALTY).with_edit(PRIVATE)
    assert str(caught.value) == (
        "'fairness.rate-penalty' and 'privacy.private-clipping' do not go together: a loss over a batch has no gradient "
        "for each example, so there is none to clip; leave one out"
    )


def test_what_goes_with_private_clipping() -> None:
    """Row-wise weights bound what a row adds; work on the noisy gradient and on finished outputs costs no privacy."""
    for acts in KINDS:
        goes = acts in {"example", "gradient", "outputs", "decision"}
        if goes:
            check_conflicts([("a", acts), ("private", "example-gradient")])
        else:
            with pytest.raises(ConflictError, match="'a' and 'private'"):
                check_conflicts([("a", acts), ("private", "example-gradient")])


def test_the_order_of_two_edits_changes_nothing_about_their_conflict() -> None:
    for one, other in combinations_with_replacement(KINDS, 2):
        found = []
        for pair in ((one, other), (other, one)):
            try:
                check_conflicts([("a", pair[0]), ("b", pair[1])])
            except ConflictError as error:
                found.append(str(error))
        assert len(found) in {0, 2}
        assert len({text.replace("'b' and 'a'", "'a' and 'b'") for text in found}) <= 1


def test_every_reason_is_one_plain_clause() -> None:
    for kinds, why in CONFLICTS.items():
        assert kinds <= set(KINDS)
        assert why[0].islower()
        assert not why.endswith(".")


@pytest.mark.parametrize(("place", "edit"), [("rows", REWEIGH), ("train", THRESHOLDS), ("post", PRIVATE)])
def test_an_edit_in_the_wrong_place_is_named(place: str, edit: Edit) -> None:
    with pytest.raises(ValueError, match=f"'{edit.id}' acts on {edit.acts}, which is not done in {place}"):
        Blueprint(recipe="mlp", **{place: (edit,)})


def test_equal_blueprints_have_equal_digests_and_order_counts() -> None:
    one = Blueprint(recipe="mlp", train=(REWEIGH, PENALTY))
    assert digest(one) == digest(Blueprint(recipe="mlp").with_edit(REWEIGH).with_edit(PENALTY))
    assert digest(one) != digest(Blueprint(recipe="mlp", train=(PENALTY, REWEIGH)))
    assert digest(one) != digest(Blueprint(recipe="mlp", train=(REWEIGH,)))
