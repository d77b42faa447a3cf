"""The data sheet as Croissant JSON-LD with the Responsible AI terms: for catalogues, written without a library."""

from __future__ import annotations

import json
from typing import Any

from fairwitness.accountability.cards import common
from fairwitness.accountability.cards.data_sheet import of_data
from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Document
from fairwitness.draw import quote

CONFORMS = ("http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0")

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context every Croissant document carries, with `rai` added as its RAI vocabulary asks."""


def croissant(document: Document) -> str:
    """A `sc:Dataset` with the RAI fields that findings can fill, as JSON text.

    No file is named: findings hold the digest of the data, not their place, so `distribution` and `recordSet` are left
    to whoever publishes the data. What nobody has answered is left out, never guessed.

    Source:
        Croissant format 1.0 and Croissant RAI 1.0, MLCommons, docs.mlcommons.org/croissant.
    """
    document = quote.clean(document)
    card = document.subject
    told = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS),
        "name": f"The data behind {card.name}",
        "description": _description(document),
        "identifier": f"sha256:{document.provenance.data_digest}",
        "dateModified": document.provenance.started[:10],
        "keywords": sorted({"audit", *card.groups}),
        "rai:dataBiases": _about(document, Verdict.FAIL),
        "rai:dataLimitations": [
            *_about(document, Verdict.UNCERTAIN),
            *dict.fromkeys(each.does_not_show for each in of_data(document) if each.does_not_show),
        ],
        "rai:personalSensitiveInformation": list(card.groups),
        "rai:dataUseCases": _said(document, "purpose"),
        "rai:dataSocialImpact": _said(document, "people_affected"),
        "rai:dataReleaseMaintenancePlan": _said(document, "owner"),
        "rai:dataPreprocessingProtocol": [
            *(f"{name} is kept from the model: {why}" for name, why in card.withheld.items()),
            *card.notes,
        ],
    }
    filled = {key: value for key, value in told.items() if value}
    text = json.dumps(filled, indent=1, ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e") + "\n"  # as it is, it may stand in a page's script


def _description(document: Document) -> str:
    card = document.subject
    return (
        f"{card.rows:,} rows of {card.columns} columns about {card.people}; outcome {card.target or 'not declared'}; "
        f"sensitive attributes: {common.listed(card.groups, none='none declared')}. From an audit, whose findings say "
        "what was measured and how sure it is."
    )


def _about(document: Document, verdict: Verdict) -> list[str]:
    found = [each for each in of_data(document) if each.verdict is verdict]
    return [f"{each.title}: {quote.quoted(each)} ({each.id})" if each.evidence else each.title for each in found]


def _said(document: Document, key: str) -> list[str]:
    return [words] if (words := common.said(document, key)) else []
