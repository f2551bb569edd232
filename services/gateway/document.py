"""Prints the OpenAPI document: `python -m services.gateway.document`."""

from typing import Any

from services.gateway.app import INFO, gateway_app
from services.gateway.settings import GatewaySettings
from shared.http_server.document_printing import document_of, print_document


def document() -> dict[str, Any]:
    """The document, as the running service serves it."""
    return document_of(gateway_app, GatewaySettings, INFO.audience)


if __name__ == "__main__":
    print_document(document())
