"""Findings over medicines: rules as tables, names, directions. Pure: its own tables, no clock, no randomness.

It may import the plan's plain content and the readers of ``hub.workflows``; others speak to ``findings``, ``charts``
and ``plan_charts``. Nothing comes from a licensed compilation. What is not understood is said, never guessed.
"""
