"""A fork has its upstream's bugs, and each of them is mended or explained."""

from datetime import timedelta

from infra.supply_chain.findings import judge, read_explanations
from infra.supply_chain.parts import Part, Use, python_parts
from infra.supply_chain.upstreams import (
    bugs_of_upstreams,
    read_known_bugs,
    read_upstreams,
    under_upstream_names,
)

_UPSTREAMS = read_upstreams()
_KNOWN, _ = read_known_bugs()


def test_a_fork_is_asked_about_under_its_upstreams_name() -> None:
    fork = Part("pillow-simd", "12.1.1.post0", Use.RUNTIME)
    assert under_upstream_names([fork], _UPSTREAMS) == [Part("pillow", "12.1.1", Use.RUNTIME)]


def test_each_known_bug_of_a_locked_part_is_explained() -> None:
    found = bugs_of_upstreams(python_parts(), _UPSTREAMS, _KNOWN)
    explanations = read_explanations()
    # On its last day, so that this test does not fail by the calendar: `make audit` does.
    for explanation in explanations:
        judged = judge(
            [one for one in found if one.part == explanation.part],
            [explanation],
            explanation.until - timedelta(days=1),
        )
        assert not judged.open
        assert not judged.idle
    assert {one.part for one in found} <= {one.part for one in explanations}


def test_a_new_bug_of_the_upstream_is_not_explained_by_the_others() -> None:
    fork = Part("pillow-simd", "12.1.1.post0", Use.RUNTIME)
    pillow = _KNOWN["pillow"]
    grown = {"pillow": type(pillow)("99.0", [*pillow.advisories, "CVE-2027-00001"])}
    found = bugs_of_upstreams([fork], _UPSTREAMS, grown)
    explanations = read_explanations()
    judged = judge(found, explanations, min(one.until for one in explanations))
    assert [one.ids for one in judged.open] == [("CVE-2027-00001",)]


def test_the_decoders_pillow_has_none_of_them() -> None:
    decoder = [part for part in python_parts() if part.use is Use.DECODER]
    assert {part.name for part in decoder} >= {"pillow", "pillow-heif"}
    assert not bugs_of_upstreams(decoder, _UPSTREAMS, _KNOWN)


def test_each_named_fork_is_locked() -> None:
    assert _UPSTREAMS.keys() <= {part.name for part in python_parts()}
    assert set(_UPSTREAMS.values()) <= _KNOWN.keys()
