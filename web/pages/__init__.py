"""Pages: one module a noun. A page loads, asks who may, builds a view and renders; rules live in auth and hub."""
