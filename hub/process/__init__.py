"""The process itself: clocks, the embedded PostgreSQL, measures, the watchdog. Knows nothing of plans."""
