"""Correct runs pass all checks, and each planted violation is found by its name."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given

from prove.checks.every_check import check_all
from prove.checks.reads import HOME, PAGE, POST, PROFILE, RELATION, THREAD
from prove.history import Fault, History, NodeSample, Operation, Waiting
from prove.state import State, WaitingRow
from tests.prove.model import Step, busy_model, modelled, steps

Plant = Callable[[History, State], None]


def _kinds(history: History, state: State) -> set[str]:
    return {one.kind for found in check_all(history, state).values() for one in found}


@given(steps())
def test_a_correct_run_passes(done: list[Step]) -> None:
    model = modelled(done)
    found = [one for all_ in check_all(model.history, model.state()).values() for one in all_]
    assert not found


@given(steps())
def test_a_lost_row_is_found(done: list[Step]) -> None:
    model = modelled(done)
    acknowledged = {one.value for one in model.history.of_kind("comment") if one.outcome == "ok"}
    state = model.state()
    lost = next((row for row in state.comments if row.text in acknowledged), None)
    if lost is not None:
        state.comments.remove(lost)
        assert "lost" in _kinds(model.history, state)


@given(steps())
def test_a_row_that_is_there_twice_is_found(done: list[Step]) -> None:
    model = modelled(done)
    state = model.state()
    if state.comments:
        state.comments.append(state.comments[0]._replace(id=model.new_id(state.comments[0].shard)))
        assert "duplicated" in _kinds(model.history, state)


@given(steps())
def test_an_edge_that_went_back_is_found(done: list[Step]) -> None:
    model = modelled(done)
    last: dict[tuple[int, str, str], Operation] = {}
    for one in model.history.of_kind("like", "save", "follow"):
        last[(one.client, one.kind, one.key)] = one
    state = model.state()
    for (client, kind, key), one in last.items():
        earlier = [
            old
            for old in model.history.of_kind(kind)
            if (old.client, old.key) == (client, key) and old.outcome != "fail"
        ]
        if one.outcome != "ok" or one.value == "0" or {"0"} & {old.value for old in earlier}:
            continue
        ends = (kind, model.person(client), int(key))
        state.out_edges = [row for row in state.out_edges if row[:3] != ends]
        assert "lost update" in _kinds(model.history, state)
        return


def _forget_photo(_history: History, state: State) -> None:
    state.photos.pop()


def _forget_post(_history: History, state: State) -> None:
    state.posts.pop()


def _publish_photo_twice(_history: History, state: State) -> None:
    post = state.posts[-1]
    state.posts.append(post._replace(id=post.id + (1 << 23), caption="again"))


def _add_unwritten(_history: History, state: State) -> None:
    state.comments.append(state.comments[-1]._replace(text="nobody wrote this"))


def _keep_refused(history: History, _state: State) -> None:
    _change(history, "comment", outcome="fail", got={})


def _answer_twice(history: History, _state: State) -> None:
    _change(history, "comment", got={"ids": ["8388608", "16777216"]})


def _forget_edit(_history: History, state: State) -> None:
    for fields in state.profiles.values():
        fields["bio"] = "somebody else's"


def _lose_version(_history: History, state: State) -> None:
    for fields in state.profiles.values():
        fields["version"] = 1


def _forget_mirror(_history: History, state: State) -> None:
    state.in_edges.pop()


def _miscount_edges(_history: History, state: State) -> None:
    state.edge_counts[0] = state.edge_counts[0]._replace(ins=99)


def _miscount_comments(_history: History, state: State) -> None:
    state.comment_counts[state.comments[0].post_id] += 1


def _miscount_posts(_history: History, state: State) -> None:
    state.post_counts[state.posts[0].author_id] -= 1


def _show_other_likes(_history: History, state: State) -> None:
    state.shown_likes[state.posts[0].id] += 1


def _feed_missed_a_follow(_history: History, state: State) -> None:
    state.heard.pop()


def _author_missed_a_comment(_history: History, state: State) -> None:
    state.noted.pop()


def _swap_ids(history: History, _state: State) -> None:
    first, *_rest, last = [one for one in history.of_kind("photo") if one.client == 1]
    _put(history, replace(first, got=last.got))
    _put(history, replace(last, got=first.got))


def _misplace_row(_history: History, state: State) -> None:
    state.photos[0] = state.photos[0]._replace(shard=1 - state.photos[0].shard)


def _forget_entry(_history: History, state: State) -> None:
    next(home for home in state.homes.values() if home).pop()


def _reorder_home(_history: History, state: State) -> None:
    next(home for home in state.homes.values() if len(home) > 1).reverse()


def _leave_event(_history: History, state: State) -> None:
    state.waiting.append(WaitingRow("feed", 1, "activity", 7, parked=False))


def _leave_job(_history: History, state: State) -> None:
    state.jobs["feed-a"] = 1


def _let_overtake(history: History, _state: State) -> None:
    history.waiting += [
        Waiting("feed-a", 1.0, {"3/activity": [10]}),
        Waiting("feed-a", 3.0, {"3/activity": [10, 11, 12]}),
        Waiting("feed-a", 5.0, {"3/activity": [10, 12]}),
    ]


def _let_replica_differ(_history: History, state: State) -> None:
    state.unlike_replicas.append("feed-a-replica")


def _two_primaries(history: History, _state: State) -> None:
    history.samples += [
        NodeSample("users-a", "one", True, 1, 1.0, 1.1),
        NodeSample("users-a", "two", True, 2, 5.0, 5.1),
        NodeSample("users-a", "one", True, 1, 6.0, 6.1),
    ]


def _two_primaries_of_one_timeline(history: History, _state: State) -> None:
    history.samples += [
        NodeSample("users-a", "one", True, 1, 1.0, 1.1),
        NodeSample("users-a", "two", True, 1, 1.0, 1.1),
    ]


def _stay_ill(history: History, _state: State) -> None:
    history.faults.append(Fault(1, "kill feed", ("feed-1",), 1.0, 2.0, stayed_ill=True))


def _sign_out(history: History, _state: State) -> None:
    history.operations.append(
        Operation(9_999, 1, "session", "", "", 1.0, 2.0, "fail", {"code": "token_unknown"})
    )


def _read_old_profile(history: History, _state: State) -> None:
    _change(history, PROFILE, got={"bio": "never", "display_name": ""})


def _read_old_relation(history: History, _state: State) -> None:
    read = history.of_kind(RELATION)[-1]
    edits = [one for one in history.of_kind("follow") if one.number < read.number]
    last = [one for one in edits if one.client == read.client][-1]
    _put(history, replace(read, key=last.key, got={"following": last.value == "0"}))


def _read_old_reaction(history: History, _state: State) -> None:
    read = history.of_kind(POST)[-1]
    likes = [one for one in history.of_kind("like") if one.number < read.number]
    last = [one for one in likes if one.client == read.client][-1]
    got = {"liked": last.value == "0", "saved": False}
    _put(history, replace(read, key=last.key, got=got))


def _read_old(kind: str, got: dict[str, object]) -> Plant:
    def plant(history: History, _state: State) -> None:
        _put(history, replace(history.of_kind(kind)[-1], got=got))

    return plant


def _read_old_thread(history: History, _state: State) -> None:
    read = history.of_kind(THREAD)[-1]
    own = [one for one in history.of_kind("comment") if one.number < read.number]
    last = [one for one in own if one.client == read.client][-1]
    _put(history, replace(read, key=last.key, got={**_EMPTY, "texts": []}))


def _read_what_went(history: History, state: State) -> None:
    row = state.comments[0]
    got = {**_EMPTY, "ids": [str(row.id + 1)], "texts": ["gone"]}
    _put(history, replace(history.of_kind(THREAD)[-1], key=str(row.post_id), got=got))


def _read_in_another_order(history: History, state: State) -> None:
    row = state.posts[0]
    got = {**_EMPTY, "ids": ["1", str(row.id)]}
    _put(history, replace(history.of_kind(HOME)[-1], got=got))


_EMPTY: dict[str, object] = {"ids": [], "more": False, "partial": False}


def _change(history: History, kind: str, **changes: object) -> None:
    _put(history, replace(history.of_kind(kind)[-1], **changes))  # type: ignore[arg-type]


def _put(history: History, operation: Operation) -> None:
    place = next(n for n, one in enumerate(history.operations) if one.number == operation.number)
    history.operations[place] = operation


PLANTED: list[tuple[Plant, str]] = [
    (_forget_photo, "lost"),
    (_forget_post, "lost"),
    (_publish_photo_twice, "duplicated"),
    (_add_unwritten, "from nowhere"),
    (_keep_refused, "not refused"),
    (_answer_twice, "two replies"),
    (_forget_edit, "lost update"),
    (_lose_version, "lost update"),
    (_forget_mirror, "two sides"),
    (_miscount_edges, "counter"),
    (_miscount_comments, "counter"),
    (_miscount_posts, "counter"),
    (_show_other_likes, "counter"),
    (_feed_missed_a_follow, "event"),
    (_author_missed_a_comment, "event"),
    (_swap_ids, "id"),
    (_misplace_row, "id"),
    (_forget_entry, "timeline"),
    (_reorder_home, "timeline"),
    (_leave_event, "outbox"),
    (_leave_job, "outbox"),
    (_let_overtake, "outbox"),
    (_let_replica_differ, "replica"),
    (_two_primaries, "two primaries"),
    (_two_primaries_of_one_timeline, "two primaries"),
    (_stay_ill, "not well"),
    (_sign_out, "signed out"),
    (_read_old_profile, "stale read"),
    (_read_old_relation, "stale read"),
    (_read_old_reaction, "stale read"),
    (_read_old(PAGE, _EMPTY), "stale read"),
    (_read_old(HOME, _EMPTY), "stale read"),
    (_read_old_thread, "stale read"),
    (_read_what_went, "dirty read"),
    (_read_in_another_order, "order"),
]


def test_a_busy_run_passes_and_has_everything_that_is_planted_in() -> None:
    model = busy_model()
    assert not _kinds(model.history, model.state())


@pytest.mark.parametrize(("plant", "kind"), PLANTED, ids=lambda one: getattr(one, "__name__", one))
def test_what_is_planted_is_found(plant: Plant, kind: str) -> None:
    model = busy_model()
    state = model.state()
    plant(model.history, state)
    assert kind in _kinds(model.history, state)
