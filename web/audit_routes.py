"""The addresses of the audit pages."""

from starlette.routing import BaseRoute, Route

from web.pages import audit, audit_export

AUDIT_ROUTES: tuple[BaseRoute, ...] = (
    Route("/audit", audit.show, name="audit", methods=["GET"]),
    Route("/audit", audit.search, name="audit_search", methods=["POST"]),
    Route("/audit/verify", audit.verify, name="audit_verify", methods=["POST"]),
    Route("/audit/export", audit_export.export, name="audit_export", methods=["POST"]),
)
