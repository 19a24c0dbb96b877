"""The pure core: what a care plan is, and how its sections merge.

Imports the standard library and pycrdt, nothing else. No I/O, no clock, no randomness, no asyncio: bytes and
values in, bytes and effects out, so that every rule here can be tested by calling it.
"""
