"""Optional OpenTelemetry spans of requests: off, and never imported, while OTEL_EXPORTER_OTLP_ENDPOINT is empty."""
