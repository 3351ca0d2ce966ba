"""The edge of the server: settings, addresses, limits, logs and processes; everything between a socket and MCP."""
