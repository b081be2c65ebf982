"""Foreign files are looked into here first: in child processes with limits on time, memory and size. No Qt."""
