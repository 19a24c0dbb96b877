"""What breaks, broken on purpose while people type: processes killed, stalled, flooded."""
