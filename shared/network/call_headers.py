"""Headers that a service sends with each call to another."""

REQUEST_ID_HEADER = "X-Request-ID"
TIMEOUT_HEADER = "X-Timeout-Ms"
# The sending time by the caller's clock. A request may wait in a socket until this process reads
# it; with the timeout header alone, that time would not count.
SENT_HEADER = "X-Sent-At-Ms"
# Named in the second attempt of a call whose first may have had its effect, and in a client's
# request that may itself be a repetition.
REPEATED_HEADER = "X-Repeated"
