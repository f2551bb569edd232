"""Counts the calls between services for each page, from the access logs."""

from collections import Counter
from collections.abc import Sequence

import httpx

from bench.access_log import AccessLogs
from bench.drills.drill import Drill
from bench.drills.finding import Finding, say
from tests.journeys.phone import Phone
from tests.suite_logs import all_is_written

PAGES = (1, 20, 40)
# Several viewers ask for each page: cached replies save calls, and slow reads add calls, but
# neither happens to all viewers.
VIEWERS = 3
CALLS_MAX = 4
SERVICES = ("users", "upload", "feed")
# The gateway makes this call every few seconds per session, whatever the page.
SESSION_CHECK = "/sessions/check"

# Counts by service, method and route.
Calls = Counter[str]


async def internal_calls(drill: Drill) -> list[Finding]:
    """Measure every list of the public API that takes a limit."""
    say("internal calls: every list")
    await drill.requests()  # Fresh sessions.
    viewers = drill.world.people[:VIEWERS]
    for viewer in viewers:
        for other in drill.world.people:
            if other is not viewer:
                await viewer.follow(other)
    paths = await _lists(drill, viewers[0])
    costs = {
        (path, size): await _cost(drill, viewers, path, size) for path in paths for size in PAGES
    }
    return [_finding(costs, len(paths))]


def _finding(costs: dict[tuple[str, int], Calls], lists: int) -> Finding:
    most = max(calls.total() for calls in costs.values())
    repeated = {
        (path, f"{path} asks {service} {count} times")
        for (path, _), calls in costs.items()
        for service, count in _by_service(calls).items()
        if count > 1
    }
    for _, line in sorted(repeated):
        say(f"  {line}")
    return Finding(
        "pages are made of batches",
        f"{lists} lists, pages of {', '.join(map(str, PAGES))}",
        f"one call a service, {CALLS_MAX} in all, whatever the size",
        f"{most} calls at most; {len({path for path, _ in repeated})} lists ask one service twice",
        most <= CALLS_MAX and not repeated,
    )


def _by_service(calls: Calls) -> Counter[str]:
    by_service: Counter[str] = Counter()
    for call, count in calls.items():
        by_service[call.split()[0]] += count
    return by_service


async def _lists(drill: Drill, viewer: Phone) -> list[str]:
    """Return the paths of all GET operations that take a limit."""
    post = drill.world.posts[0]
    known = {"user_id": viewer.id, "post_id": post["id"], "tag": "bench"}
    document = await viewer.get("/v1/openapi.json")
    return [
        path.format(**known)
        for path, operations in document["paths"].items()
        if any(one["name"] == "limit" for one in operations.get("get", {}).get("parameters", ()))
    ]


async def _cost(drill: Drill, viewers: Sequence[Phone], path: str, size: int) -> Calls:
    """Return every call that any viewer caused, with its smallest number above zero."""
    found = [await _calls(drill, viewer, path, size) for viewer in viewers]
    calls = {call for one in found for call in one}
    return Counter({call: min(one[call] for one in found if one[call]) for call in calls})


async def _calls(drill: Drill, viewer: Phone, path: str, size: int) -> Calls:
    names = [name for service in SERVICES for name in drill.replicas(service)]
    with AccessLogs(drill.suite.log_dir, names) as logs:
        reply = await viewer.http.get(path, params={"limit": size, "q": "ben"})
        if reply.status_code != httpx.codes.OK:
            raise RuntimeError(f"{path}: {reply.status_code} {reply.text}")
        request_id = reply.headers["x-request-id"]
        await all_is_written(drill.suite)
        return Counter(
            f"{line.process.partition('-')[0]} {line.method} {line.route}"
            for line in logs.requests()
            if line.request_id == request_id and line.route != SESSION_CHECK
        )
