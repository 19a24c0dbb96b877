"""View models: from declarations, content and decisions to rows of plain words. Pure; no request, no store, no HTML."""
