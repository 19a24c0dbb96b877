"""The browser's pure modules, tested in Node; the page itself is tested in ``tests/browser``."""
