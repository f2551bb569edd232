"""The tables that hold an account's data, each listed once."""

from collections.abc import Mapping

from shared.sharding.account_tables import AccountTable

# These lie in the account's shard and are erased with it. The profile has its own document in an
# export.
TABLES = (
    AccountTable("profile", "user_id"),
    AccountTable("export", "user_id"),
    AccountTable("mail", "user_id"),
    AccountTable("proof", "user_id"),
)

# Table → why deleting its rows is not enough, and who erases it.
ERASED_BY_HAND: Mapping[str, str] = {
    "session": "its copies in Redis must be voided, too: store/deletions.py",
    "directory": "it lies in the shard of the name: store/deletions.py",
    "searchable_name": "it goes with the profile",
    "deletion": "it stays: it is the receipt that the person may still read",
}
