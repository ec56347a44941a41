"""Calls a model: routes, adapters by wire format, fallback, telemetry, and the one guarded way out."""
