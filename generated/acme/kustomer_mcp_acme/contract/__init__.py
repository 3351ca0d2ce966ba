"""What MCP clients see."""
