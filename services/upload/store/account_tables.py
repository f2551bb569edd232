"""Where upload keeps what belongs to one account: each table stands here once."""

from collections.abc import Mapping

from shared.sharding.account_tables import AccountTable

# No row here is without objects in the store.
TABLES: tuple[AccountTable, ...] = ()

# Table → why a deletion of rows is not enough, and so who erases it.
ERASED_BY_HAND: Mapping[str, str] = {
    "photo": "its objects and cached pictures go first: actions/erase_account.py",
    "archive": "its object goes first: actions/forget_archive.py",
    "upload": "its pieces go first: store/uploads.py",
}
