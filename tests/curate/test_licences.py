"""Licence policy: permissive in, the rest out with a reason, opt-in by name."""

from __future__ import annotations

import pytest

from text2svg.curate.licences import LicencePolicy
from text2svg.errors import ConfigError
from text2svg.licence.spdx import require_spdx


@pytest.mark.parametrize(
    ("licence", "reason"),
    [
        ("MIT", ""),
        ("Apache-2.0", ""),
        ("ISC", ""),
        ("BSD-3-Clause", ""),
        ("CC0-1.0", ""),
        ("Unlicense", ""),
        ("0BSD", ""),
        ("CC-BY-4.0", ""),
        ("CC-BY-3.0", ""),
        ("OFL-1.1", ""),
        ("CC-BY-SA-4.0", "licence:share-alike"),
        ("GPL-3.0-or-later", "licence:copyleft"),
        ("MPL-2.0", "licence:copyleft"),
        ("CC-BY-NC-4.0", "licence:non-commercial"),
        ("CC-BY-NC-SA-4.0", "licence:non-commercial"),
        ("CC-BY-ND-4.0", "licence:no-derivatives"),
        ("NOASSERTION", "licence:unstated"),
        ("", "licence:unstated"),
        ("Mine-1.0", "licence:unknown"),
    ],
)
def test_reasons(licence: str, reason: str) -> None:
    assert LicencePolicy().reason(licence) == reason


def test_logos_stay_out_whatever_their_licence_until_opted_in() -> None:
    assert LicencePolicy().reason("CC0-1.0", logo=True) == "licence:logos"
    policy = LicencePolicy(allow=frozenset({"logos"}))
    assert policy.reason("CC0-1.0", logo=True) == ""
    assert policy.reason("CC-BY-SA-4.0", logo=True) == "licence:share-alike"


def test_allow_adds_one_licence_and_only_narrows() -> None:
    assert LicencePolicy(allow=frozenset({"CC-BY-SA-4.0"})).reason("CC-BY-SA-4.0") == ""
    narrow = LicencePolicy(only=frozenset({"MIT"}))
    assert (narrow.reason("MIT"), narrow.reason("ISC")) == ("", "licence:not-selected")


def test_misspelt_licences_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="CC-BY-SA") as error:
        LicencePolicy(allow=frozenset({"CC-BY-SA"}))
    assert "CC-BY-SA-4.0" in error.value.hint
    assert require_spdx(["MIT", "ISC"]) == ("MIT", "ISC")
