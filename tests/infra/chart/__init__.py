"""Tests of infra/chart: rendered by the real helm, and judged without a cluster."""
