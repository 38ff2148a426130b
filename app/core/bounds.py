"""Whole numbers between bounds: checked by the service, told as they are checked by the documentation of the API."""

from dataclasses import dataclass

from app.core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Bounds:
    low: int
    high: int

    def read(self, number: int, field: str) -> int:
        """The number itself. Raises InvalidInput naming `field`."""
        if not self.low <= number <= self.high:
            raise InvalidInput(
                field=field, reason_fr=f"de {self.low} à {self.high}", reason_en=f"{self.low} to {self.high}"
            )
        return number

    @property
    def keywords(self) -> dict[str, object]:
        """The same in the words of JSON Schema."""
        return {"minimum": self.low, "maximum": self.high}
