"""A request's trace, from the balancer to statements and the worker's jobs."""

import uuid

from infra.status.spans import Span, balancer_spans, orphans, spans_in, tree_of
from tests.eventually import eventually
from tests.journeys.phone import Phone, picture
from tests.suite import Suite

# With the share of tests, none of them is sampled once in 100,000 runs.
TRIES_MAX = 60


async def test_a_post_and_its_fan_out_are_one_tree_without_an_orphan(
    suite: Suite, alice: Phone, bob: Phone
) -> None:
    await bob.follow(alice)
    trace_id = await _trace_of_a_post(suite, alice)

    async def the_fan_out_is_there() -> list[Span]:
        spans = spans_in(suite.on_disk.folder.traces, trace_id)
        names = {span.name for span in spans}
        assert {"POST /v1/posts", "POST /posts", "job fan_out", "deliver photos.confirm"} <= names
        assert "POST /photos/confirm" in names
        balancers = balancer_spans(suite.log_dir, trace_id)
        assert not orphans(spans)
        roots = tree_of(spans, balancers)
        assert len(roots) == len(balancers) == 1
        assert sum(1 for _each in roots[0].all()) == len(spans) + 1
        return spans

    spans = await eventually(the_fan_out_is_there, within_s=20)
    processes = {span.process.rpartition("-")[0] for span in spans}
    assert processes >= {"gateway", "users", "upload", "feed", "feed-worker"}
    assert {"postgresql", "redis"} <= {span.facts.get("db.system.name") for span in spans}


async def _trace_of_a_post(suite: Suite, author: Phone) -> str:
    """Post until one is sampled, and return its request id."""
    ids: list[str] = []
    for _number in range(TRIES_MAX):
        photo_id = await author.upload(picture())
        reply = await author.http.post(
            "/v1/posts",
            json={"photo_ids": [photo_id]},
            headers={"Idempotency-Key": uuid.uuid4().hex},
        )
        assert reply.status_code == 201
        ids.append(reply.headers["X-Request-ID"])
        for trace_id in ids:
            if spans_in(suite.on_disk.folder.traces, trace_id):
                return trace_id
    raise AssertionError("no post was sampled")
