"""ARQ: the jobs are thin shells over services. PostgreSQL is the truth; a job only says "look now"."""
