"""A session of the S3 client that trusts what its CA file holds when it connects."""

import ssl
from pathlib import Path

from aiobotocore.httpsession import AIOHTTPSession  # type: ignore[import-untyped]

from shared.network.tls import client_context


class FollowingSession(AIOHTTPSession):  # type: ignore[misc]
    """For `http_session_cls` of the client's configuration, with `verify` as a path.

    The client's own session reads the file once, and would refuse the store after the suite's
    authority was replaced. This overrides a private method: see docs/private-apis.md.
    """

    def _build_verify_context(self) -> ssl.SSLContext:
        return client_context(Path(self._verify))
