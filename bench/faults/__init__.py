"""The fault run: a whole platform under load, whose processes are killed, stopped and told to leave at random.

What counts is decided by two ledgers that the platform cannot touch: what the load was told is done, and what the
receiver had on its disk before it answered.
"""
