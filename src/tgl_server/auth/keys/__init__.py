"""Authentication by API key: look-up, verification, overload, rehashing, usage counters."""
