"""What must happen later, and happens: kinds of jobs, how often each is tried, and what follows when none is left.

A job is put down in the transaction of what causes it (``hub.store.jobs.enqueue``), and runs at least once: whoever
works on a kind bears a repetition. Nothing here reads a database; the queue itself stands in ``hub.store``.
"""
