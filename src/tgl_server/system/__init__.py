"""The service itself, for machines that ask: health, readiness, capabilities, metrics."""
