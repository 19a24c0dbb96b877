"""The open sockets of pages: bytes come in and go out here; what they mean is decided elsewhere."""
