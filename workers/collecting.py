"""The garbage of a process that sends: little of it goes in circles, so it is looked for seldom."""

import gc

NEW_OBJECTS = 50_000
"""Between two looks at the youngest. Of five hundred requests under way some ten thousand objects are in use; to look
through them each time 700 more are made, as Python does by itself, took a fifth of the processor's time.
"""


def collect_seldom() -> None:
    """To be called once everything is imported: what lives as long as the process is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 10, 10)
