"""Which of five sources bias in the data comes from, decided in order."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.data.material import FINDINGS, People, asks, material, people, to_check
from fairwitness.data.sources import Reading, look, read
from fairwitness.draw.words import capital, listed


class BiasSource:
    info = CheckInfo(
        id="data.bias-source",
        title="No source of bias is found in the data",
        failure_title="Bias in the data has a source",
        measures=(
            "Tests of representation, measurement, label, aggregation and historical bias, in that order, held together "
            "(Holm); a later one counts as its own only where no earlier one explains it."
        ),
        does_not_show=(
            "How large a bias is: that is for the finding of each source, which judges. Historical bias and wrong labels "
            "cannot be told apart from columns, group and recorded outcome alone. What could not be looked for is not absent."
        ),
        advice="Settle sources in the order of the table: what comes later may be gone with what comes first.",
        needs=frozenset({"rows", "groups"}),
        per="grouping",
        sources=(
            "Suresh and Guttag 2021, EAAMO, arXiv 1901.10002, on sources of bias",
            "Holm 1979, Scandinavian Journal of Statistics 6(2):65-70",
            "The order follows from planted faults, docs/data-bias.md",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return asks(outline, about)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        some = people(given)
        if isinstance(some, NotApplicable):
            return some
        said = read(look(material(some, given), rng=given.rng), level=given.level)
        if len(said.unseen) == len(said.looks):
            return NotApplicable("none of the five sources could be looked for")
        return Measured(
            headline=_headline(said, given),
            lead=_lead(said, some, given),
            explored=(_table(said),),
            notes=some.notes,
        )


def _headline(said: Reading, given: Given) -> str:
    about = given.grouping.name
    if said.ambiguous:
        others = [source for source in said.own if source != "historical"]
        more = f", beside {listed(others)} bias" if others else ""
        return f"Outcomes by {about} are those of historical or of label bias; which, these columns cannot tell{more}"
    if said.own:
        return f"By {about}, {listed(said.own)} bias is found in the data"
    return f"None of the sources of bias that could be looked for is found by {about}"


def _lead(said: Reading, some: People, given: Given) -> str:
    sentences = []
    for source, causes in said.explained.items():
        verb = "explains" if len(causes) == 1 else "explain"
        sentences.append(f"The test of {source} bias fires too, which {listed(causes)} bias {verb}.")
    if said.ambiguous and some.outcome is not None:
        sentences.append(to_check(some, some.outcome, given))
    if said.unseen:
        lacking = [f"{each.source} ({each.lacks})" for each in said.looks if each.p is None]
        sentences.append(f"Not looked for, for want of what stands in brackets: {listed(lacking)}.")
    return " ".join(filter(None, sentences))


def _table(said: Reading) -> Series:
    def reading(source: str) -> str:
        if source in said.unseen:
            return "not looked for"
        if source in said.own:
            return "found"
        causes = [each for key, each in said.explained.items() if key == source]
        return f"explained by {listed(causes[0])}" if causes else "not found"

    return Series(
        title="Five sources, in order",
        columns={
            "source": tuple(capital(each.source) for each in said.looks),
            "test": tuple(each.test for each in said.looks),
            "p": tuple(each.p for each in said.looks),
            "reading": tuple(reading(each.source) for each in said.looks),
            "how large": tuple(FINDINGS[each.source] for each in said.looks),
        },
    )
