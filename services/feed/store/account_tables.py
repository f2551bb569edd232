"""Where feed keeps what belongs to one account: each table stands here once."""

from collections.abc import Mapping

from shared.sharding.account_tables import AccountTable

# In the account's shard, erased with it, and exported where a document is named. What others did
# that concerns the account has its own document, because each kind is told in its own way.
TABLES = (
    AccountTable("activity", "recipient_id"),
    AccountTable("activity_seen", "user_id"),
    AccountTable("graph_version", "actor_id"),
)

# Table → why a deletion of rows is not enough, and so who erases it.
ERASED_BY_HAND: Mapping[str, str] = {
    "post": "its photos, tags and timelines must hear of it first: actions/erase_account.py",
    "author": "goes with the last post: store/erasures.sql",
    "comment": "stands in the shard of its post: actions/erase_account.py",
    "report": "names accounts in several shards: store/reports.py",
}
