"""Real Yjs clients with the stock provider, in Node, against a real hub."""
