"""Prometheus metrics of the requests that a process answers."""

from prometheus_client import Counter, Gauge, Histogram

# Each bucket is a series per route and process. They lie at our goals: a cached read takes some
# milliseconds, half a second is the knee, an upload takes seconds.
_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10)

http_requests = Counter(
    "retrato_http_requests_total", "Requests answered.", ["route", "method", "status"]
)
http_request_seconds = Histogram(
    "retrato_http_request_seconds", "Time to answer.", ["route", "method"], buckets=_SECONDS
)
http_in_flight = Gauge("retrato_http_requests_in_flight", "Requests being worked on.")
http_waiting = Gauge("retrato_http_requests_waiting", "Requests waiting for their turn.")

event_loop_lag_seconds = Histogram(
    "retrato_event_loop_lag_seconds",
    "How late the event loop ran a callback that is due ten times a second.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 1),
)
