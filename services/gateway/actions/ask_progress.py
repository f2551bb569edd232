"""Asks how far an upload is; if all bytes are here, its photo may be made by the way."""

from services.gateway.clients.upload import UploadClient
from shared.contracts.photos import Upload
from shared.deadlines import start_deadline

# As for the last piece: the lease of a process that died while it made the photo may be waited for.
_PROGRESS_MS_MAX = 20_000


async def ask_progress(upload: UploadClient, upload_id: int, *, viewer_id: int) -> Upload:
    """The progress of an own upload, within more time than other reads; raises NotFound."""
    start_deadline(_PROGRESS_MS_MAX)
    return await upload.upload(upload_id, viewer_id=viewer_id)
