"""What the whole-process tests stand on: a collector as a child process, and stand-ins for what is around it."""
