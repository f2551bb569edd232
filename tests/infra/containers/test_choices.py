"""What an operator chooses of a suite in containers is checked, and stays until it changes."""

from pathlib import Path
from typing import Any

import pytest

from infra.containers.choices import (
    Choices,
    check_ports,
    choices_file,
    kept_choices,
    ports_said,
    said_choices,
)
from infra.control.failures import SuiteFailure


def _keep(root: Path, choices: Choices) -> None:
    file, text = choices_file(root, choices)
    file.write_text(text, encoding="utf-8")


def test_what_is_not_said_stays_as_it_was(tmp_path: Path) -> None:
    _keep(tmp_path, Choices(network="10.99", port=9080, tls_port=9443, limits="loose"))
    now = said_choices(tmp_path, {"network": "", "limits": "usual", "url": ""})
    assert now == Choices(network="10.99", port=9080, tls_port=9443)
    assert kept_choices(tmp_path).network == "10.99"


def test_without_a_word_there_are_the_usual_values(tmp_path: Path) -> None:
    assert said_choices(tmp_path, {}) == kept_choices(tmp_path) == Choices()


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"network": "10.87.1"}, "NET is half"),
        ({"publish": "somewhere"}, "PUBLISH is an address"),
        ({"publish": "0.0.0.0"}, "names no address that replies could tell"),
        ({"publish": "::"}, "names no address that replies could tell"),
        ({"url": "photos.example.org"}, "URL is the beginning"),
        ({"url": "https://photos.example.org/"}, "URL is the beginning"),
        ({"url": "ftp://photos.example.org"}, "URL is the beginning"),
        ({"limits": "none"}, "LIMITS is one of"),
    ],
)
def test_a_wrong_value_is_refused_with_a_sentence(
    tmp_path: Path, said: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(SuiteFailure, match=complaint):
        said_choices(tmp_path, said)


@pytest.mark.parametrize("words", ["8080", "8080,", "a,b", "1,2,3"])
def test_two_ports_are_said_together(words: str) -> None:
    with pytest.raises(SuiteFailure, match="PORTS are two"):
        ports_said(words)
    assert ports_said("80,443") == {"port": 80, "tls_port": 443}
    assert ports_said("") == {}


@pytest.mark.parametrize("ports", [(8442, 8443), (8443, 8442), (0, 8443), (8080, 65_535)])
def test_ports_that_two_balancers_cannot_have_are_refused(ports: tuple[int, int]) -> None:
    with pytest.raises(SuiteFailure, match="PORTS"):
        check_ports(Choices(port=ports[0], tls_port=ports[1]), 2)


def test_ports_may_follow_each_other() -> None:
    check_ports(Choices(port=8080, tls_port=8082), 2)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"port": "8080"}', '{"colour": "red"}'])
def test_a_file_that_is_broken_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "choices.json").write_text(text, encoding="utf-8")
    with pytest.raises(SuiteFailure, match=r"choices\.json cannot be read"):
        kept_choices(tmp_path)


@pytest.mark.parametrize(
    ("choices", "url", "hosts"),
    [
        (Choices(), "http://127.0.0.1:8080", ("localhost", "127.0.0.1")),
        (Choices(publish="::1", port=80), "http://[::1]:80", ("localhost", "::1")),
        (
            Choices(publish="0.0.0.0", url="https://photos.example.org"),
            "https://photos.example.org",
            ("localhost", "photos.example.org"),
        ),
    ],
)
def test_clients_are_told_where_they_reach_a_balancer(
    choices: Choices, url: str, hosts: tuple[str, ...]
) -> None:
    assert choices.public_url == url
    assert choices.public_hosts == hosts
