"""What every generated tool stands on: the client, the wire, errors, validation and the MCP server.

These modules are the same in every package and are copied as they are.
"""
