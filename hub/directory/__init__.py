"""The directory's rules: names, birth dates, likeness, openings of plans. Pure; the rows are in hub/store."""
