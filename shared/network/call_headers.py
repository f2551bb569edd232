"""The headers by which one service tells another of the request that it serves."""

REQUEST_ID_HEADER = "X-Request-ID"
TIMEOUT_HEADER = "X-Timeout-Ms"
# When the caller sent it, by its own clock. What has lain in a socket, because this process stood
# still or came to it late, has used time up that the other header alone would begin afresh.
SENT_HEADER = "X-Sent-At-Ms"
