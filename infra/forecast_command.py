"""The command behind `make forecast`."""

import asyncio
import math
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.command_line import app, told
from infra.control.failures import SuiteFailure
from infra.ops.asking import Asking
from infra.ops.forecast.document import forecast as make_forecast
from infra.ops.measurements import Measurements, MeasurementsAway
from infra.plan.watchers import PROMETHEUS
from infra.suite import Suite, open_suite
from infra.watching.reading import READER

_UNITS = ("", "K", "M", "G", "T")
# A person should hear of it while there is time to buy something.
_SOON_DAYS = 14


@app.command()
@told
def forecast() -> None:
    """Say when disk, connections, processors and Redis memory run out, and when it is quiet."""
    document = asyncio.run(_asked(open_suite()))
    console = Console(highlight=False, width=None if Console().is_terminal else 120)
    for scarce in document["scarce"]:
        console.print(_table(scarce))
    sys.stdout.write(f"{document['day_in_words']}\n")


async def _asked(suite: Suite) -> dict[str, Any]:
    if suite.plan.watch is None:
        raise SuiteFailure("A forecast needs Prometheus' measurements, and this suite has WATCH=0.")
    process, pair = suite.plan.process(PROMETHEUS), suite.folder.pki / READER
    asking = Asking(suite.ca_file, pair.with_suffix(".crt"), pair.with_suffix(".key"))
    try:
        measurements = Measurements(asking, f"https://{process.address}:{process.port}")
        return await make_forecast(measurements)
    except MeasurementsAway as away:
        raise SuiteFailure(f"{away}: see `make status`.") from away
    finally:
        await asking.close()


def _table(scarce: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(scarce["title"], no_wrap=True)
    for title in ("used", "of"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("outlook")
    for outlook in scarce["outlooks"]:
        is_soon = outlook["days"] is not None and outlook["days"] < _SOON_DAYS
        colour = "red" if is_soon or outlook["standing"] == "at its limit" else "default"
        table.add_row(
            outlook["what"],
            _short(outlook["used"]),
            _short(outlook["limit"]),
            f"[{colour}]{outlook['sentence']}[/]",
        )
    if not scarce["outlooks"]:
        table.add_row("", "", "", "Nothing is measured yet.")
    return table


def _short(value: float) -> str:
    """Return a figure with three digits and a letter for thousands."""
    thousands = min(len(_UNITS) - 1, max(0, int(math.log10(abs(value) or 1.0)) // 3))
    return f"{value / 1000**thousands:.3g}{_UNITS[thousands]}"
