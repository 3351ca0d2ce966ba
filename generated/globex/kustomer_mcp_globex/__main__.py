"""`python -m kustomer_mcp_globex` is the package's command."""

from kustomer_mcp_globex.server import main

main()
