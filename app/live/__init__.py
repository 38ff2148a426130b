"""Live events: who waits for what the log of a school will tell next, and is told."""
