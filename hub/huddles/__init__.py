"""Huddles: how they are kept, and the live room that everyone in one looks at."""
