"""The fuzz of update reader, index and gate against yrs itself.

For who changes the core, and for a night on a new machine. It imports the core alone and touches no plan: its sections
are made here and thrown away.
"""
