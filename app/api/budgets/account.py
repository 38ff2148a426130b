"""What one process knows of one key's budget in one window: arithmetic alone."""

from dataclasses import dataclass


@dataclass(slots=True)
class Account:
    """All numbers are points. `left` is leased and unspent; `unleased` is what nobody has leased yet, as far as known;
    `credit` was spent or is spendable before it was leased; `own` is what was leased here.

    The window begins at `starts_at` and ends before `ends_at`, in seconds since 1970.
    """

    limit: int
    block: int
    starts_at: int
    ends_at: int
    left: int = 0
    unleased: int = 0
    credit: int = 0
    own: int = 0
    leasing: bool = False

    @property
    def remaining(self) -> int:
        return max(0, self.left + self.unleased)

    @property
    def low(self) -> bool:
        """Whether it is time to lease, and there may be something to lease."""
        return not self.leasing and (self.credit > 0 or (self.unleased > 0 and self.left < self.block // 2))

    def spend(self, points: int) -> bool:
        """False, and nothing spent, where it is more than the key may spend."""
        if self.left < points and not self._borrow(points):
            return False
        self.left -= points
        return True

    def _borrow(self, points: int) -> bool:
        """Makes `points` spendable before they are leased: more than a block, only once at a time."""
        if self.credit > self.block or self.remaining < points:
            return False
        missing = min(max(points - self.left, self.block - self.credit), self.unleased)
        self.credit += missing
        self.left += missing
        self.unleased -= missing
        return True

    def ask(self) -> int:
        """How much to lease: what was borrowed, and a block ahead."""
        return self.credit + self.block

    def settle(self, repaid: int, granted: int, total: int) -> None:
        """`granted` points were leased, of which `repaid` were borrowed before; everybody together has `total`."""
        self.own += granted
        self.left += granted - repaid
        self.credit -= repaid
        self.unleased = max(0, self.limit - max(total, self.own) - self.credit)
