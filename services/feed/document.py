"""Prints the OpenAPI document: `python -m services.feed.document`."""

from typing import Any

from services.feed.app import INFO, feed_app
from services.feed.settings import FeedSettings
from shared.http_server.document_printing import document_of, print_document


def document() -> dict[str, Any]:
    """The document, as the running service serves it."""
    return document_of(feed_app, FeedSettings, INFO.audience)


if __name__ == "__main__":
    print_document(document())
