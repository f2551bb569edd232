"""Prints the OpenAPI document: `python -m services.users.document`."""

from typing import Any

from services.users.app import INFO, users_app
from services.users.settings import UsersSettings
from shared.http_server.document_printing import document_of, print_document


def document() -> dict[str, Any]:
    """The document, as the running service serves it."""
    return document_of(users_app, UsersSettings, INFO.audience)


if __name__ == "__main__":
    print_document(document())
