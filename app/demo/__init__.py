"""The demo school: one seed, the same people every time, true on whatever day it is started."""

from app.demo.filling import DemoSchool, Progress, fill
from app.demo.personas import PERSONAS, REVOKED_BADGE, UNKNOWN_BADGE, Persona

__all__ = ["PERSONAS", "REVOKED_BADGE", "UNKNOWN_BADGE", "DemoSchool", "Persona", "Progress", "fill"]
