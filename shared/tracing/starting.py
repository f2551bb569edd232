"""Starts a process's traces by its settings."""

from collections.abc import Callable
from functools import partial

from opentelemetry.sdk.trace.export import SpanExporter

from shared.settings import ProcessSettings
from shared.tracing.span_output import SpanFile, SpanOutput
from shared.tracing.spans import resource_of
from shared.tracing.statements import SlowStatements
from shared.tracing.tracer import TRACER, TraceRules

_EXPORT_TIMEOUT_S = 5


def start_tracing(settings: ProcessSettings, service: str) -> SpanOutput | None:
    """Start to note and export, if the settings name where to; the caller closes the output."""
    if settings.slow_statement_ms is not None:
        SlowStatements.from_s = settings.slow_statement_ms / 1000
    open_exporter = _exporter_of(settings)
    if open_exporter is None:
        return None
    resource = resource_of(service, settings.instance, settings.version)
    output = SpanOutput(open_exporter, resource)
    output.start()
    rules = TraceRules(settings.trace_share, settings.trace_slow_ms / 1000)
    TRACER.start(rules, output.take)
    return output


def _exporter_of(settings: ProcessSettings) -> Callable[[], SpanExporter] | None:
    if settings.trace_endpoint is not None:
        return partial(_exporter_to, settings.trace_endpoint)
    if settings.trace_folder is not None:
        file = settings.trace_folder / f"{settings.instance}.jsonl"
        return partial(SpanFile, file, settings.trace_file_bytes_max)
    return None


def _exporter_to(endpoint: str) -> SpanExporter:
    # Only imported if it is used: it costs each process four megabytes.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=endpoint, timeout=_EXPORT_TIMEOUT_S)
