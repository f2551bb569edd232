"""Filters as the public API shows them."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from shared.contracts.photos import FilterSamples

SampleUrl = Annotated[
    str,
    Field(
        description="A small JPEG; the address is the same for everybody and never expires.",
        examples=["https://retrato.example/media/filters/harbour-b33a1bc7a7632f25.jpg"],
    ),
]


class Filter(TypedDict):
    """A filter: `PATCH /v1/photos/{id}` takes its `name`, and people read its `title`."""

    name: Annotated[str, Field(examples=["harbour"])]
    title: Annotated[str, Field(examples=["Harbour"])]
    sample_url: SampleUrl


class Filters(TypedDict):
    """All filters, in the order to offer them; `plain_url` is the sample without any."""

    plain_url: SampleUrl
    filters: list[Filter]


def public_filters(samples: FilterSamples, base_url: str) -> Filters:
    """Convert file names to addresses."""
    return {
        "plain_url": _url(base_url, samples["plain"]),
        "filters": [
            {"name": one["name"], "title": one["title"], "sample_url": _url(base_url, one["file"])}
            for one in samples["filters"]
        ],
    }


def _url(base_url: str, file: str) -> str:
    return f"{base_url}/media/filters/{file}"
