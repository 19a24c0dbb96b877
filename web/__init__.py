"""Pages: the Starlette application, its routes, templates and command line. Imports all of ours; no SQL here."""
