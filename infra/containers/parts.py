"""The containers of a suite, as every compose tool runs them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Image = Literal["suite", "engines"]
IMAGES: tuple[Image, ...] = get_args(Image)
# The one read-only mount of each container, and the place of its volume.
ETC = "/retrato/etc"
DATA = "/retrato/data"


@dataclass(frozen=True, slots=True)
class Container:
    """One container; `files` are its read-only files by name, and nobody else sees them.

    `names` are those under which others find it. `volume` is mounted at DATA, for reading only if
    it is `another's`. Without an address, it gets any. A job ends by itself.
    """

    name: str
    image: Image
    command: tuple[str, ...]
    role: str  # containers of one role have the same files
    address: str = ""
    names: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    environment_file: str = ""
    volume: str = ""
    is_volume_of_another: bool = False
    ports: tuple[str, ...] = ()
    stop_signal: str = "SIGTERM"
    stop_seconds: int = 20
    is_job: bool = False
