"""Managing grants and API tokens over HTTP: REST for platforms, a page for people."""
