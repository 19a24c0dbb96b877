"""The command line: what each command does, and what can be mended told as a sentence and an exit code."""
