"""A small library with a schema of its own: what the facade is tried on. It holds no rows but these."""

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Annotated, NewType

import strawberry
from strawberry.schema.config import StrawberryConfig

Shelfmark = NewType("Shelfmark", str)


@strawberry.enum(description="What a book is about.")
class Genre(Enum):
    novel = strawberry.enum_value("novel", description="Made up.")
    essay = strawberry.enum_value("essay", description="Thought up.")


@strawberry.interface
class Failure:
    code: str
    message: str
    field: str | None = None


@strawberry.type(description="No book has this ISBN.")
class BookNotFound(Failure):
    pass


@strawberry.type(description="Somebody else has the book.")
class AlreadyLent(Failure):
    until: date


@strawberry.type(description="Who wrote a book.")
class Author:
    name: str
    pen_name: str | None = strawberry.field(default=None, deprecation_reason="since 2024-01-01, until 2030-06-30")


@strawberry.type(description="A book.")
class Book:
    isbn: str = strawberry.field(description="Its number.", metadata={"example": "978/2"})
    title: str
    genre: Genre
    pages: int | None
    author: Author

    @strawberry.field
    def secret(self) -> str:
        raise RuntimeError("the password is swordfish")

    @strawberry.field
    def shelfmark(self) -> Shelfmark:
        return Shelfmark("A-1")


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class BookEdge:
    node: Book


@strawberry.type
class BookConnection:
    nodes: list[Book]
    edges: list[BookEdge]
    page_info: PageInfo


@strawberry.type(description="Come in.")
class Welcome:
    decision: str
    door: int


@strawberry.type(description="Stay out.")
class TurnedAway:
    decision: str
    reason: str
    message: str | None


Visit = Annotated[Welcome | TurnedAway | BookNotFound, strawberry.union("Visit")]


@strawberry.type(description="A book on loan.")
class Loan:
    isbn: str
    days: int
    note: str | None
    key: str | None


Lending = Annotated[Loan | BookNotFound | AlreadyLent, strawberry.union("Lending")]


@strawberry.input(description="What to say to the reader.")
class ReminderInput:
    on: date
    text: str | None = None
    next: "ReminderInput | None" = None


@strawberry.input(description="A loan to make.")
class LendInput:
    isbn: str = strawberry.field(description="Which book.")
    days: int = 14
    note: str | None = strawberry.UNSET
    genres: list[Genre] = strawberry.field(default_factory=list)
    reminders: list[ReminderInput] = strawberry.field(default_factory=list)


@strawberry.input
class ShelveInput:
    mark: Shelfmark


@strawberry.type(description="What the caller sent, as the resolver saw it.")
class Echo:
    text: str
    number: int
    share: float
    flag: bool
    genre: Genre
    on: date
    words: list[str]
    maybe: str


BOOKS = [
    Book(isbn="978/2", title="L'Étranger", genre=Genre.novel, pages=159, author=Author(name="Camus")),
    Book(isbn="badge/X", title="Zadig", genre=Genre.novel, pages=None, author=Author(name="Voltaire")),
    Book(isbn="badge", title="Essais", genre=Genre.essay, pages=1300, author=Author(name="Montaigne")),
]


def _find(isbn: str) -> Book | None:
    return next((book for book in BOOKS if book.isbn == isbn), None)


@strawberry.type
class Query:
    @strawberry.field(description="The book with this number.")
    def book(
        self,
        isbn: Annotated[str, strawberry.argument(description="Its number.", metadata={"example": "978/2"})],
    ) -> Book | None:
        return _find(isbn)

    @strawberry.field
    def books(self, first: int = 2, after: str | None = None, genre: Genre | None = None) -> BookConnection:
        start = int(after) if after and after.isascii() and after.isdecimal() else 0
        first = min(max(first, 1), 100)
        found = [book for book in BOOKS if genre is None or book.genre is genre]
        nodes = found[start : start + first]
        page = PageInfo(has_next_page=start + first < len(found), end_cursor=str(start + first) if nodes else None)
        return BookConnection(nodes=nodes, edges=[BookEdge(node=book) for book in nodes], page_info=page)

    @strawberry.field
    def shelf(self) -> list[Book]:
        return BOOKS

    @strawberry.field(deprecation_reason="since 2024-01-01, until 2030-06-30: use shelf")
    def old_shelf(self) -> list[Book]:
        return BOOKS

    @strawberry.field(deprecation_reason="since 2024-02-30")
    def lost_shelf(self) -> list[Book]:
        return BOOKS

    @strawberry.field
    def visit(self, reader: str, door: int) -> Visit:
        if reader == "nobody":
            return BookNotFound(code="BOOK_NOT_FOUND", message="Aucun livre.", field="reader")
        if door == 0:
            return TurnedAway(decision="denied", reason="CLOSED", message="Fermé")
        return Welcome(decision="granted", door=door)

    @strawberry.field
    def echo(
        self,
        text: str = "unset",
        number: int = 0,
        share: float = 0.0,
        flag: bool = False,
        genre: Genre = Genre.novel,
        on: date = date(2024, 12, 31),
        words: list[str] | None = None,
        maybe: str | None = strawberry.UNSET,
    ) -> Echo:
        told = "absent" if maybe is strawberry.UNSET else repr(maybe)
        return Echo(text=text, number=number, share=share, flag=flag, genre=genre, on=on, words=words or [], maybe=told)

    @strawberry.field
    def broken(self) -> str:
        raise RuntimeError("the password is swordfish")


@dataclass
class Lent:
    """What was lent in one test."""

    isbns: list[str] = field(default_factory=list)


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Lends a book.")
    def lend(self, info: strawberry.Info, input: LendInput, idempotency_key: str | None = strawberry.UNSET) -> Lending:
        if _find(input.isbn) is None:
            return BookNotFound(code="BOOK_NOT_FOUND", message="Ce livre n'existe pas.", field="isbn")
        if idempotency_key == "spent":
            return AlreadyLent(
                code="ALREADY_LENT", message="Déjà servi.", until=date(2025, 1, 1), field="idempotencyKey"
            )
        lent: Lent = info.context
        if input.isbn in lent.isbns:
            return AlreadyLent(code="ALREADY_LENT", message="Déjà prêté.", until=date(2025, 1, 1))
        lent.isbns.append(input.isbn)
        note = "absent" if input.note is strawberry.UNSET else repr(input.note)
        key = "absent" if idempotency_key is strawberry.UNSET else idempotency_key
        return Loan(isbn=input.isbn, days=input.days, note=note, key=key)

    @strawberry.mutation
    def shelve(self, input: ShelveInput) -> bool:
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def lent(self) -> str:  # type: ignore[misc]
        yield "978/2"


schema = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    types=[AlreadyLent],
    config=StrawberryConfig(
        scalar_map={Shelfmark: strawberry.scalar(name="Shelfmark", serialize=str, parse_value=str)}
    ),
)
