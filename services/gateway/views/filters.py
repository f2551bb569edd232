"""The filters of photos as the public API shows them."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from shared.contracts.photos import FilterSamples

SampleUrl = Annotated[
    str,
    Field(
        description="A small JPEG, the same for everybody and for good.",
        examples=["https://retrato.example/media/filters/harbour-b33a1bc7a7632f25.jpg"],
    ),
]


class Filter(TypedDict):
    """A filter: `name` is what `PATCH /v1/photos/{id}` takes, `title` what people read."""

    name: Annotated[str, Field(examples=["harbour"])]
    title: Annotated[str, Field(examples=["Harbour"])]
    sample_url: SampleUrl


class Filters(TypedDict):
    """All filters, in the order to show them in; `plain_url` is the sample without any."""

    plain_url: SampleUrl
    filters: list[Filter]


def public_filters(samples: FilterSamples, base_url: str) -> Filters:
    """With addresses in place of files."""
    return {
        "plain_url": _url(base_url, samples["plain"]),
        "filters": [
            {"name": one["name"], "title": one["title"], "sample_url": _url(base_url, one["file"])}
            for one in samples["filters"]
        ],
    }


def _url(base_url: str, file: str) -> str:
    return f"{base_url}/media/filters/{file}"
