"""Prints the OpenAPI document: `python -m services.upload.document`."""

from typing import Any

from services.upload.app import INFO, upload_app
from services.upload.settings import UploadSettings
from shared.http_server.document_printing import document_of, print_document


def document() -> dict[str, Any]:
    """The document, as the running service serves it."""
    return document_of(upload_app, UploadSettings, INFO.audience)


if __name__ == "__main__":
    print_document(document())
