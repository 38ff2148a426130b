"""What sending webhooks costs with everything on, beside the bare client in the same run."""
