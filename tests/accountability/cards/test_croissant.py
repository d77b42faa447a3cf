"""The JSON-LD against what Croissant 1.0 and its RAI extension ask of a data set without files."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from fairwitness.accountability.cards import croissant
from fairwitness.core.findings import Document
from support.documents import document, sample
from support.figures import HOSTILE

RAI = {
    *("dataCollection", "dataCollectionType", "dataCollectionMissingData", "dataCollectionRawData"),
    *("dataCollectionTimeframe", "dataImputationProtocol", "dataManipulationProtocol", "dataPreprocessingProtocol"),
    *("dataAnnotationProtocol", "dataAnnotationPlatform", "dataAnnotationAnalysis", "annotationsPerItem"),
    *("annotatorDemographics", "machineAnnotationTools", "dataReleaseMaintenancePlan", "personalSensitiveInformation"),
    *("dataSocialImpact", "dataBiases", "dataLimitations", "dataUseCases"),
}
"""Every property of Croissant RAI 1.0, from its specification."""


def made(of: Document) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(croissant(of))
    return tree


def test_it_has_what_every_croissant_has() -> None:
    tree = made(sample())
    assert tree["@type"] == "sc:Dataset"
    assert tree["@context"]["cr"] == "http://mlcommons.org/croissant/"
    assert tree["@context"]["rai"] == "http://mlcommons.org/croissant/RAI/"
    assert tree["conformsTo"] == ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
    assert tree["name"]
    assert tree["description"]
    assert {key.removeprefix("rai:") for key in tree if key.startswith("rai:")} <= RAI


def test_biases_are_the_failing_findings_about_the_data() -> None:
    biases = made(sample())["rai:dataBiases"]
    assert any("data.duplicates" in each for each in biases)
    assert not any("fairness." in each for each in biases)
    assert "rai:dataBiases" not in made(document())  # nothing measured, nothing said


def test_what_nobody_answered_is_left_out() -> None:
    assert "rai:dataSocialImpact" not in made(sample())
    told = dataclasses.replace(sample(), context={"people_affected": "20,000 applicants a year"})
    assert made(told)["rai:dataSocialImpact"] == ["20,000 applicants a year"]


def test_it_may_stand_in_a_page() -> None:
    text = croissant(dataclasses.replace(sample(), context={"purpose": HOSTILE}))
    assert "<" not in text
    assert "</script>" in json.loads(text)["rai:dataUseCases"][0]
