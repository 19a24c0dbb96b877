"""Live plans: rooms and their sections, the committer, notices, presence, and what processes tell each other."""
