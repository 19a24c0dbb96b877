"""The record: the journal, its chain and checkpoints, and everything that proves or hands out a row of it."""
