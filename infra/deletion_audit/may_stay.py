"""What may still name an account after its deletion has finished: each with its end.

This is the only list of exceptions. `make check-deleted` prints it; everything else that it finds
is a fault.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MayStay:
    """`conditions` maps tables to the rows meant; past the end, such rows are reported too.

    `{schema}` in a condition is the schema of the table, and `{backup_days}` in an end is how long
    backups contain what was deleted.
    """

    what: str
    ends: str
    conditions: Mapping[str, str] = field(default_factory=dict)


# An id holds the time of its making, in milliseconds since 2025 above 23 bits.
_REMOVED = (
    "state = 'removed' AND"
    " to_timestamp(((version >> 23) + 1735689600000) / 1000.0) > now() - interval '2 days'"
)

MAY_STAY = (
    MayStay(
        "the receipt and the empty account, by id",
        "30 days after the deletion finished",
        {
            "deletion": (
                "users_finished_at IS NULL OR feed_finished_at IS NULL OR"
                " upload_finished_at IS NULL OR upload_finished_at > now() - interval '31 days'"
            ),
            "account": (
                "state = 'void' AND EXISTS (SELECT FROM {schema}.deletion WHERE user_id = id)"
            ),
        },
    ),
    MayStay(
        "the username, as a keyed hash without an id",
        "14 days after the deletion, or after an earlier renaming",
    ),
    MayStay(
        "rows of removed edges, and their counts of 0",
        "24 hours after the removal, at the next walk over all edges",
        {
            "edge_out": _REMOVED,
            "edge_in": _REMOVED,
            "edge_count": "in_count = 0 AND out_count = 0",
        },
    ),
    MayStay(
        "in upload, by id: that slow requests may add nothing to the account",
        "24 hours after its erasure",
        {"erased_owner": "erased_at > now() - interval '26 hours'"},
    ),
    MayStay(
        "jobs that are queued, with ids",
        "10 minutes",
        {"pgqueuer": "status = 'queued' AND created > now() - interval '10 minutes'"},
    ),
    MayStay(
        "recorded replies of others, which may name a comment that they answered, and its writer",
        "26 hours after the request",
        {
            "idempotency": (
                "reply::text LIKE '%parent_writer_id%' AND started_at > now() - interval '27 hours'"
            )
        },
    ),
    MayStay(
        "by its id: a comment that others answered, in their comments",
        "when they or the post's author delete those",
    ),
    MayStay(
        "in the balancers' caches: that a picture is gone, by its address",
        "24 hours after its deletion",
    ),
    MayStay("in Redis: that a post is gone, by the post's id", "a day after the deletion"),
    MayStay("in Redis: what expires within two minutes", "two minutes"),
    MayStay("in Redis: failed sign-ins, by a hash of the login", "an hour after the last one"),
    MayStay("logs and traces, by id, path and address", "21 days"),
    MayStay("backups, and their list of deleted accounts", "{backup_days} days"),
    MayStay(
        "words that others typed, such as a name in a caption; they lead nowhere",
        "when their writer edits or deletes them",
    ),
)

# Columns with those words, which are searched for ids but not for names.
TYPED_BY_OTHERS = {
    "post": {"caption", "mentions"},
    "post_edit": {"caption"},
    "comment": {"text", "mentions"},
    "idempotency": {"reply"},
}
# The keys of copies of posts in Redis, which have the same words.
TYPED_BY_OTHERS_IN_REDIS = b"post:"


def exemption(table: str, schema: str) -> str:
    """Return the SQL condition for rows of a table that may stay."""
    for one in MAY_STAY:
        if table in one.conditions:
            return one.conditions[table].replace("{schema}", f'"{schema}"')
    return "false"
