"""What each subcommand of `readingroom` does. `workstation.cli` parses; none is imported before its turn."""
