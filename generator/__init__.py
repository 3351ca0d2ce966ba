"""kustomer-mcp: typed, reviewed, versioned MCP server packages for a Kustomer organisation."""

__version__ = "0.1.0"
