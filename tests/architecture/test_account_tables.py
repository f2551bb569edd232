"""Erasing an account covers every table with data of accounts."""

import re

import pytest

from services.feed.store import account_tables as feed
from services.upload.store import account_tables as upload
from services.users.store import account_tables as users
from tests.architecture.source_tree import ROOT

SERVICES = {"feed": feed, "users": users, "upload": upload}
_TABLE = re.compile(r"CREATE TABLE :schema\.(\w+) \((.*?)\n\)", re.DOTALL)
_WHOSE = re.compile(
    r"^\s*(user|owner|author|writer|recipient|reporter|actor)_id bigint", re.MULTILINE
)


def _tables_of_accounts(service: str) -> set[str]:
    folder = ROOT / "services" / service / "migrations"
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.sql")))
    return {name for name, columns in _TABLE.findall(text) if _WHOSE.search(columns)}


@pytest.mark.parametrize("service", SERVICES)
def test_each_table_of_accounts_is_registered_or_erased_by_hand(service: str) -> None:
    registered = {table.name for table in SERVICES[service].TABLES}
    by_hand = SERVICES[service].ERASED_BY_HAND.keys()
    assert not registered & by_hand
    assert registered | by_hand == _tables_of_accounts(service)
