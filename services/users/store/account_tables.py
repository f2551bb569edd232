"""Where users keeps what belongs to one account: each table stands here once."""

from collections.abc import Mapping

from shared.sharding.account_tables import AccountTable

# In the account's shard, and erased with it. The profile has its own document in an export.
TABLES = (AccountTable("profile", "user_id"), AccountTable("export", "user_id"))

# Table → why a deletion of rows is not enough, and so who erases it.
ERASED_BY_HAND: Mapping[str, str] = {
    "session": "its copies in Redis must hear of it: store/deletions.py",
    "directory": "stands in the shard of the name: store/deletions.py",
    "searchable_name": "goes with the profile",
    "deletion": "stays: it is the receipt that the person may still read",
}
