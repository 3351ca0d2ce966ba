"""Owns starting the command line in a test's own process. Must not hold logic."""

from generator.cli import main

if __name__ == "__main__":
    main(prog_name="kustomer-mcp")
