"""The OpenAPI documents of all services, and their committed copies in docs/api/.

`python -m tests.contract.documents` writes the copies; nothing needs to run.
"""

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from services.feed.app import feed_app
from services.feed.settings import FeedSettings
from services.gateway.app import gateway_app
from services.gateway.settings import GatewaySettings
from services.upload.app import upload_app
from services.upload.settings import UploadSettings
from services.users.app import users_app
from services.users.settings import UsersSettings
from shared.http_server.app_document import app_of
from tests.contract.collection import collection_of

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "api"

COLLECTION = FOLDER / "retrato.postman_collection.json"

APPS: dict[str, FastAPI] = {
    "gateway": app_of(gateway_app, GatewaySettings, None, media_base_url="http://127.0.0.1:8080"),
    "users": app_of(users_app, UsersSettings, "users"),
    "upload": app_of(upload_app, UploadSettings, "upload"),
    "feed": app_of(feed_app, FeedSettings, "feed"),
}
DOCUMENTS: dict[str, dict[str, Any]] = {name: app.openapi() for name, app in APPS.items()}


def snapshot_file(service: str) -> Path:
    """Where the copy of a service's document is kept."""
    return FOLDER / f"{service}.json"


def snapshot_of(document: dict[str, Any]) -> str:
    """The text of a copy: one line for each value, so that a comparison shows what has changed."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def collection_text() -> str:
    """The text of the collection of the public API."""
    return snapshot_of(collection_of(DOCUMENTS["gateway"]))


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    COLLECTION.write_text(collection_text(), encoding="utf-8")
    for name, document in DOCUMENTS.items():
        snapshot_file(name).write_text(snapshot_of(document), encoding="utf-8")
        print(snapshot_file(name))  # noqa: T201 - the operator asked for it
