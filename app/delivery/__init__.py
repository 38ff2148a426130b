"""From the log to the receivers: the loop that expands, claims, sends and settles, in each worker."""
