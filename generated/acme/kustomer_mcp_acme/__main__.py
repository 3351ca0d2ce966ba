"""`python -m kustomer_mcp_acme` is the package's command."""

from kustomer_mcp_acme.server import main

main()
