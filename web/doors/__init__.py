"""Who may come in by which way: pages, sockets, commands. Each answers with a person or a refusal."""
