"""The tables that hold an account's data, each listed once."""

from collections.abc import Mapping

from shared.sharding.account_tables import AccountTable

# Every row has objects in the store, so none can be erased by SQL alone.
TABLES: tuple[AccountTable, ...] = ()

# Table → why deleting its rows is not enough, and who erases it.
ERASED_BY_HAND: Mapping[str, str] = {
    "erased_owner": "it keeps slow requests from adding to an erased account; it ends after a day",
    "photo": "its objects and cached pictures go first: actions/erase_account.py",
    "archive": "its object goes first: actions/forget_archive.py",
    "upload": "its pieces go first: store/uploads.py",
}
