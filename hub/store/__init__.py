"""All SQL of the hub, one module a noun. Nothing outside this package knows of SQLAlchemy.

What changes who may do what takes the journal's ``Turn``: the change and its row commit together or not at all.
Statements are written so that they can't race: ``update ... where ... returning`` instead of read, then write.
"""
