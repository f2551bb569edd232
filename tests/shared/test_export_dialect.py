"""An export writes all values in the format of the public API."""

from datetime import UTC, datetime

from shared.export_dialect import exported

ID = 493848221934518272


def test_ids_and_times_are_written_as_in_the_public_api_at_any_depth() -> None:
    held = {
        "id": ID,
        "photo_ids": [ID, ID + 1],
        "reply_to": None,
        "width": 640,
        "liked": True,
        "created_at": datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
        "entities": [{"kind": "mention", "start": 0, "user_id": str(ID)}],
        "photo": {"id": ID, "renditions": [{"key": "renditions/1", "width": 320}]},
    }
    assert exported([held]) == [
        {
            "id": str(ID),
            "photo_ids": [str(ID), str(ID + 1)],
            "reply_to": None,
            "width": 640,
            "liked": True,
            "created_at": "2026-05-04T09:30:00.000Z",
            "entities": [{"kind": "mention", "start": 0, "user_id": str(ID)}],
            "photo": {"id": str(ID), "renditions": [{"width": 320}]},
        }
    ]
