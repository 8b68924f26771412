"""Optional OpenTelemetry spans of requests; off, and not imported, while OTEL_EXPORTER_OTLP_ENDPOINT is empty."""
