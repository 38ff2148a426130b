"""The document is the endpoint: dropped into the folder, it answers over HTTP and appears in the documentation."""

from pathlib import Path

from tests.compat_rest.documents import DOCUMENTS
from tests.compat_rest.support import facade_of, served

AUTHORS = """
    # Who wrote a book.
    query AuthorOf($isbn: String!) @rest(method: GET, path: "/books/{isbn}/author") {
      book(isbn: $isbn) { author { ...Author } title }
    }
"""


async def test_a_dropped_document_makes_an_endpoint(tmp_path: Path) -> None:
    async with served(facade_of(tmp_path, {**DOCUMENTS, "authors/AuthorOf": AUTHORS})) as client:
        response = await client.get("/v1/books/978%2F2/author")
        described = (await client.get("/v1/openapi.json")).json()["paths"]["/books/{isbn}/author"]["get"]
    assert (response.status_code, response.json()) == (200, {"author": {"name": "Camus"}, "title": "L'Étranger"})
    assert (described["operationId"], described["summary"], described["tags"]) == (
        "authorOf",
        "Who wrote a book",
        ["authors"],
    )


async def test_the_whole_round_over_a_real_server(tmp_path: Path) -> None:
    async with served(facade_of(tmp_path, DOCUMENTS)) as client:
        lent = await client.post("/v1/loans", json={"isbn": "badge/X", "days": 7})
        again = await client.post("/v1/loans", json={"isbn": "badge/X"})
        book = await client.get("/v1/books/badge%2FX")
        unchanged = await client.get("/v1/books/badge%2FX", headers={"If-None-Match": book.headers["etag"]})
        head = await client.head("/v1/books/badge%2FX")
    assert [each.status_code for each in (lent, again, book, unchanged, head)] == [201, 409, 200, 304, 200]
    assert head.headers["content-length"] == str(len(book.content))
