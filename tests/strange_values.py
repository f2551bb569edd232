"""Values that clients never send by themselves: for what is opaque to them and comes back."""

import base64
import json

from hypothesis import strategies as st

# Each at an edge of some type on the way: JSON, Python, 64 bits, a float, the database's text.
STRANGE_VALUES: list[object] = [
    -1,
    -(2**63),
    -(2**63) - 1,
    2**63,
    2**64 - 1,
    2**64,
    10**40,
    1.0,
    0.5,
    1e308,
    True,
    False,
    None,
    "1",
    "",
    "\0",
    "a\0b",
    "\ud800",
    "x\r\nX-Header: y",
    "../../etc/passwd",
    "x" * 150,
    [],
    [1],
    {},
    {"id": 1},
]
_USUAL_VALUES: list[object] = [0, 1, 2**31, 2**53 + 1, 2**63 - 1, "a", "zz"]

_VALUES = st.one_of(
    st.sampled_from(STRANGE_VALUES + _USUAL_VALUES),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
)


def _as_json(values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def _as_dotted(numbers: list[int]) -> str:
    return ".".join(f"{number:x}" for number in numbers)


# Of all shapes that there are, whether or not a list has it, and of none.
ANY_CURSOR = st.one_of(
    st.lists(_VALUES, max_size=4).map(_as_json).map(lambda cursor: cursor.rstrip("=")),
    st.one_of(_VALUES, st.lists(_VALUES, max_size=3)).map(_as_json),
    st.lists(st.integers(-1, 2**70), max_size=3).map(_as_dotted),
    st.text(max_size=300),
    st.binary(max_size=200).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
)
