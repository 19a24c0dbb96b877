"""People at real pages of a real hub, in Chromium."""
