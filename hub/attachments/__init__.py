"""Photos and papers that people send: taken in so that nothing rides along with them, kept beside the plan that names
them, and shown to whoever may see the entry. SQL stands in ``hub.store``, rules in ``hub.workflows.attachments``."""
