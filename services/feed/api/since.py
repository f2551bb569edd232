"""The query parameter of lists whose pages can also be read upwards."""

from typing import Annotated

from fastapi import Query

Since = Annotated[int | None, Query(ge=1, lt=2**63, description="A known post's id.")]
