"""The tables that hold an account's data, each listed once."""

from collections.abc import Mapping

from shared.sharding.account_tables import AccountTable

# These lie in the account's shard and are erased with it. Export covers those that name a document;
# activity has its own export section, because each kind needs its own shape.
TABLES = (
    AccountTable("activity", "recipient_id"),
    AccountTable("activity_seen", "user_id"),
    AccountTable("graph_version", "actor_id"),
)

# Table → why deleting its rows is not enough, and who erases it.
ERASED_BY_HAND: Mapping[str, str] = {
    "post": "its photos, tags and timelines must be updated first: actions/erase_account.py",
    "author": "it goes with the last post: store/erasures.sql",
    "comment": "it lies in the shard of its post: actions/erase_account.py",
    "report": "its rows name accounts of several shards: store/reports.py",
}
