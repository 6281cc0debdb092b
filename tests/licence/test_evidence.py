"""Licences by evidence: each place that may speak, and what happens when they disagree."""

from __future__ import annotations

import time

import pytest

from text2svg.curate.licences import LicencePolicy, asks_attribution
from text2svg.licence.evidence import (
    MAX_CLAIMS,
    Claim,
    contradiction,
    from_card,
    from_drawing,
    from_package,
    from_page,
    licence_of_url,
    settle,
    with_licence,
)
from text2svg.licence.spdx import NOASSERTION, spdx, spdx_of
from text2svg.sample import Provenance, Sample, digest_of


def svg(metadata: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{metadata}<path d="M1 1h5v5z"/></svg>'


BY = svg(
    '<metadata><rdf:RDF xmlns:cc="http://creativecommons.org/ns#"><cc:Work rdf:about="">'
    '<cc:license rdf:resource="http://creativecommons.org/licenses/by-sa/4.0/"/></cc:Work></rdf:RDF></metadata>'
)


def sample(raw: str, licence: str = NOASSERTION, evidence: str = "") -> Sample:
    return Sample(digest_of(raw), raw, Provenance("url", licence=licence, licence_evidence=evidence))


@pytest.mark.parametrize(
    ("url", "licence"),
    [
        ("http://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by-nc-nd/3.0/deed.de", "CC-BY-NC-ND-3.0"),
        ("//creativecommons.org/licenses/by/3.0/us/", "CC-BY-3.0-US"),
        ("https://creativecommons.org/licenses/by/3.0/xx/", NOASSERTION),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
        ("https://creativecommons.org/licenses/by/", NOASSERTION),
        ("https://opensource.org/licenses/MIT", "MIT"),
        ("https://opensource.org/license/isc-license", "ISC"),
        ("https://spdx.org/licenses/BSD-3-Clause.html", "BSD-3-Clause"),
        ("http://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
        ("https://www.gnu.org/licenses/gpl-3.0.en.html", "GPL-3.0-only"),
        ("https://example.org/terms", NOASSERTION),
        ("https://example.org/?next=unlicense.org", NOASSERTION),
        ("https://example.org/?like=creativecommons.org/licenses/by/4.0/", NOASSERTION),
    ],
)
def test_addresses(url: str, licence: str) -> None:
    assert licence_of_url(url) == licence


def test_the_drawing_speaks_in_rdf_and_in_comments() -> None:
    assert [(c.licence, c.place) for c in from_drawing(BY)] == [("CC-BY-SA-4.0", "drawing")]
    assert "creativecommons.org/licenses/by-sa/4.0" in from_drawing(BY)[0].evidence
    assert [c.licence for c in from_drawing(svg("<!-- SPDX-License-Identifier: mit OR cc0-1.0 -->"))] == ["MIT OR CC0-1.0"]
    assert from_drawing(svg("<!-- this icon is free -->")) == []
    about = svg('<metadata><cc:License rdf:about="https://creativecommons.org/publicdomain/zero/1.0/"/></metadata>')
    assert [c.licence for c in from_drawing(about)] == ["CC0-1.0"]


def test_page_package_and_card() -> None:
    assert from_page(["https://creativecommons.org/licenses/by/4.0/"])[0].licence == "CC-BY-4.0"
    assert from_package("(MIT AND CC-BY-4.0)", "icons 2.0 package.json")[0] == Claim(
        "package", "MIT AND CC-BY-4.0", "icons 2.0 package.json: (MIT AND CC-BY-4.0)"
    )
    assert from_package("SEE LICENSE IN LICENSE.md", "x")[0].licence == NOASSERTION
    assert from_package(" ", "x") == []
    assert from_card("---\nlicense: cc-by-4.0\ntags:\n- svg\n---\n# A set", "set")[0].licence == "CC-BY-4.0"
    several = from_card("---\ntags: [svg]\nlicense:\n- mit\n- isc\n---\n", "set")[0]
    assert (several.licence, several.evidence) == (NOASSERTION, "set license: mit, isc")
    assert from_card("# No front matter\nlicense: mit", "set") == []


def test_the_nearest_place_wins_and_a_contradiction_asserts_nothing() -> None:
    page, package = from_page(["https://opensource.org/licenses/MIT"]), from_package("ISC", "p")
    assert settle([*package, *page]).licence == "MIT"
    assert settle([*page, *package, *from_drawing(BY)]).licence == "CC-BY-SA-4.0"
    torn = settle([*page, *from_page(["https://unlicense.org/"])])
    assert torn.licence == NOASSERTION and "unlicense" in torn.evidence and "MIT" in torn.evidence
    assert settle([]) == Claim("card", NOASSERTION, "")


def test_a_sample_takes_the_licence_of_its_evidence() -> None:
    told = with_licence(sample(BY)).provenance
    assert (told.licence, told.licence_evidence) == (
        "CC-BY-SA-4.0", "RDF cc:license http://creativecommons.org/licenses/by-sa/4.0/",
    )  # fmt: skip
    plain = sample(svg(""))
    assert with_licence(plain) is plain
    assert with_licence(plain, from_package("MIT", "p 1.0 package.json")).provenance.licence == "MIT"
    kept = sample(svg(""), "MIT", "p 1.0")
    assert with_licence(kept) is kept


def test_a_drawing_may_contradict_its_package() -> None:
    assert "by-sa" in contradiction(sample(BY, "MIT"))
    for agreed in (sample(BY, "CC-BY-SA-4.0"), sample(BY), sample(svg(""), "MIT")):
        assert contradiction(agreed) == ""


def test_expressions_are_judged_by_their_parts() -> None:
    policy = LicencePolicy()
    assert policy.reason("MIT OR GPL-3.0-only") == ""
    assert policy.reason("GPL-3.0-only OR MIT") == ""
    assert policy.reason("MIT AND GPL-3.0-only") == "licence:copyleft"
    assert policy.reason("(MIT OR GPL-3.0-only) AND CC-BY-4.0") == ""
    assert policy.reason("MIT AND (GPL-3.0-only") == "licence:unknown"
    assert spdx_of("apache-2.0") == "Apache-2.0"
    assert spdx_of("MIT OR") == spdx_of("Proprietary") == spdx_of("") == NOASSERTION
    assert spdx_of(" AND ".join(["(MIT OR ISC)"] * 40)) == NOASSERTION
    assert asks_attribution("MIT AND CC-BY-4.0") and not asks_attribution("CC0-1.0")


def test_the_whole_list_is_known() -> None:
    assert len(spdx()) == 734 and spdx()["cc-by-3.0-us"] == "CC-BY-3.0-US"
    assert LicencePolicy(allow=frozenset({"CC-BY-NC-SA-2.0"})).reason("CC-BY-NC-SA-2.0") == ""


def test_a_tag_counts_only_inside_a_comment() -> None:
    shown = svg("<text>SPDX-License-Identifier: MIT</text>")
    assert from_drawing(shown) == from_drawing(f"<!-- drawn by hand -->{shown}") == []
    assert [c.licence for c in from_drawing(shown.replace("<text>", "<!--").replace("</text>", "-->").encode())] == ["MIT"]


@pytest.mark.parametrize(
    "piece",
    [
        "<license ",
        "<a:license resource = ",
        "<!--SPDX-License-Identifier: MIT",
        "SPDX-License-Identifier: ",
        "<License about=",
    ],
)
def test_a_megabyte_of_hostile_metadata_costs_milliseconds(piece: str) -> None:
    began = time.process_time()
    claims = from_drawing("<svg>license " + piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 2 and len(claims) <= 2 * MAX_CLAIMS
