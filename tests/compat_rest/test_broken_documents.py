"""Every mistake in a document stops the start and names its file, its line and its reason."""

from pathlib import Path
from typing import NamedTuple

import pytest

from compat_rest.mistakes import BrokenDocuments
from tests.compat_rest.documents import DOCUMENTS
from tests.compat_rest.support import facade_of

VISIT = """
    query Visit($reader: String!, $door: Int!)
    @rest(method: GET, path: "/visit", query: ["reader", "door"], status: {status}) {{
      visit(reader: $reader, door: $door) {{
        {selection}
      }}
    }}
"""
DENIED = '{type: "TurnedAway", code: 403}'
MISSING = '{type: "BookNotFound", code: 404}'


class Broken(NamedTuple):
    """One broken document, the line of its mistake and a part of the reason. `file` is the document's, or another."""

    document: str
    line: int
    reason: str
    file: str = "operations/x/X.graphql"


BROKEN = {
    "syntax error": Broken("query X {\n  shelf {", 2, "Syntax Error"),
    "no operation": Broken("fragment Y on Book { isbn }", 1, "the file holds 0 operations"),
    "two operations": Broken(
        'query X @rest(method: GET, path: "/x") { shelf { isbn } }\nquery Y { shelf { isbn } }',
        2,
        "the file holds 2 operations",
    ),
    "a type definition": Broken(
        'type Y { a: Int }\nquery X @rest(method: GET, path: "/x") { shelf { isbn } }',
        1,
        "only an operation and fragments belong here",
    ),
    "no name": Broken('query @rest(method: GET, path: "/x") { shelf { isbn } }', 1, "the operation has no name"),
    "another name than the file's": Broken(
        'query Y @rest(method: GET, path: "/x") { shelf { isbn } }', 1, "is called “Y”, its file makes it “X”"
    ),
    "subscription": Broken('subscription X @rest(method: GET, path: "/x") { lent }', 1, "a subscription has no REST"),
    "no directive": Broken("# Why?\nquery X { shelf { isbn } }", 2, "carries no @rest directive"),
    "two directives": Broken(
        'query X @rest(method: GET, path: "/x") @rest(method: GET, path: "/y") { shelf { isbn } }',
        1,
        "carries more than one @rest directive",
    ),
    "no method": Broken('query X @rest(path: "/x") { shelf { isbn } }', 1, "needs the argument “method”"),
    "no path": Broken("query X @rest(method: GET) { shelf { isbn } }", 1, "needs the argument “path”"),
    "unknown method": Broken(
        'query X\n@rest(method: FETCH, path: "/x") { shelf { isbn } }',
        2,
        "must be one of GET, POST, PUT, PATCH, DELETE",
    ),
    "method as a text": Broken('query X @rest(method: "GET", path: "/x") { shelf { isbn } }', 1, "must be one of GET"),
    "unknown argument": Broken(
        'query X @rest(method: GET,\npath: "/x",\ncolour: "red") { shelf { isbn } }', 3, "has no argument “colour”"
    ),
    "an argument twice": Broken(
        'query X @rest(method: GET, path: "/x",\npath: "/y") { shelf { isbn } }', 2, "has the argument “path” twice"
    ),
    "an argument of another form": Broken(
        'query X @rest(method: GET, path: "/x",\nquery: "a") { shelf { isbn } }', 2, "@rest(query:) must be a list"
    ),
    "an empty text": Broken('query X @rest(method: GET, path: " ") { shelf { isbn } }', 1, "must be a text"),
    "a path without its slash": Broken(
        'query X @rest(method: GET, path: "x") { shelf { isbn } }', 1, "does not start with “/”"
    ),
    "an empty segment": Broken(
        'query X @rest(method: GET, path: "/x/") { shelf { isbn } }', 1, "the path segment “” is neither"
    ),
    "half a placeholder": Broken(
        'query X($a: String!) @rest(method: GET, path: "/x-{a}") { book(isbn: $a) { isbn } }', 1, "“x-{a}” is neither"
    ),
    "a path of the facade itself": Broken(
        'query X @rest(method: GET, path: "/docs") { shelf { isbn } }', 1, "“/docs” is a path of the facade itself"
    ),
    "a placeholder without its variable": Broken(
        'query X @rest(method: GET, path: "/x/{a}") { shelf { isbn } }', 1, "binds $a, which the operation does not"
    ),
    "a query parameter without its variable": Broken(
        'query X @rest(method: GET, path: "/x",\nquery: ["a"]) { shelf { isbn } }', 2, "the query binds $a, which"
    ),
    "an unbound variable": Broken(
        'query X(\n$a: String!) @rest(method: GET, path: "/x") { book(isbn: $a) { isbn } }', 2, "$a is bound to no path"
    ),
    "a variable bound twice": Broken(
        'query X($a: String!) @rest(method: GET, path: "/x/{a}", query: ["a"]) { book(isbn: $a) { isbn } }',
        1,
        "$a is bound 2 times",
    ),
    "an optional variable in the path": Broken(
        'query X(\n$a: String) @rest(method: GET, path: "/x/{a}") { books(after: $a) { nodes { isbn } } }',
        2,
        "$a is optional, but a path always carries it",
    ),
    "a variable with a default in the path": Broken(
        'query X($a: String! = "b") @rest(method: GET, path: "/x/{a}") { book(isbn: $a) { isbn } }',
        1,
        "$a is optional, but a path always carries it",
    ),
    "a list in the path": Broken(
        'query X($a: [String!]!) @rest(method: GET, path: "/x/{a}") { echo(words: $a) { text } }',
        1,
        "$a is a list, which a path cannot carry",
    ),
    "an unused variable": Broken(
        'query X($input: ShelveInput!) @rest(method: GET, path: "/x", query: ["input"]) { shelf { isbn } }',
        1,
        "Variable '$input' is never used",
    ),
    "an input object in the query": Broken(
        'mutation X($input: LendInput!)\n@rest(method: POST, path: "/x", query: ["input"], status: ['
        '{type: "BookNotFound", code: 404}, {type: "AlreadyLent", code: 409}]) '
        "{ lend(input: $input) { ... on Loan { isbn } } }",
        1,
        "which only a body can carry",
    ),
    "a list in a header": Broken(
        'query X(\n$a: [String!]) @rest(method: GET, path: "/x", headers: [{name: "K", variable: "a"}]) '
        "{ echo(words: $a) { text } }",
        2,
        "$a is a list, which a header cannot carry",
    ),
    "GET on a mutation": Broken(
        'mutation X\n@rest(method: GET, path: "/x") { shelve(input: {mark: "a"}) }',
        2,
        "a mutation cannot be reached with GET",
    ),
    "POST on a query": Broken(
        'query X @rest(method: POST, path: "/x") { shelf { isbn } }', 1, "a query is reached with GET, not POST"
    ),
    "a body on GET": Broken(
        'query X($a: String!) @rest(method: GET, path: "/x", body: "a") { book(isbn: $a) { isbn } }',
        1,
        "GET carries no body",
    ),
    "an invalid header name": Broken(
        'query X($a: String!) @rest(method: GET, path: "/x", headers: [{name: "a b", variable: "a"}]) '
        "{ book(isbn: $a) { isbn } }",
        1,
        "“a b”, which is not a valid header name",
    ),
    "a header of HTTP itself": Broken(
        'query X($a: String!) @rest(method: GET, path: "/x", headers: [{name: "Accept", variable: "a"}]) '
        "{ book(isbn: $a) { isbn } }",
        1,
        "which HTTP or the facade itself uses",
    ),
    "a header named twice": Broken(
        'query X($a: String!, $b: String) @rest(method: GET, path: "/x", headers: '
        '[{name: "K", variable: "a"}, {name: "k", variable: "b"}]) '
        "{ book(isbn: $a) { isbn } echo(maybe: $b) { text } }",
        1,
        "the header “k” is named 2 times",
    ),
    "a header without its variable's name": Broken(
        'query X @rest(method: GET, path: "/x", headers: [{name: "K"}]) { shelf { isbn } }',
        1,
        "needs exactly name, variable in each object",
    ),
    "an unknown field": Broken(
        'query X @rest(method: GET, path: "/x") {\n  shelf {\n    colour\n  }\n}', 3, "Cannot query field 'colour'"
    ),
    "an unknown type": Broken(
        'query X(\n$a: Colour) @rest(method: GET, path: "/x", query: ["a"]) { echo(text: $a) { text } }',
        2,
        "Unknown type 'Colour'",
    ),
    "an argument of the wrong type": Broken(
        'query X($a: Int!) @rest(method: GET, path: "/x", query: ["a"]) {\n book(isbn: $a) { isbn } }',
        1,
        "Variable '$a' of type 'Int!' used in position expecting type 'String!'",
    ),
    "an unknown fragment": Broken(
        'query X @rest(method: GET, path: "/x") { shelf { ...Nowhere } }', 1, "Unknown fragment 'Nowhere'"
    ),
    "an unused fragment": Broken(
        'query X @rest(method: GET, path: "/x") { shelf { isbn } }\n\nfragment Y on Book { isbn }',
        3,
        "Fragment 'Y' is never used",
    ),
    "a fragment that exists already": Broken(
        'query X @rest(method: GET, path: "/x") { shelf { ...Book } }\nfragment Book on Book { isbn }',
        2,
        "the fragment “Book” exists already",
    ),
    "several root fields": Broken(
        'query X @rest(method: GET, path: "/x") {\n shelf { isbn } oldShelf { isbn }\n}',
        1,
        "must select exactly one root field",
    ),
    "a fragment at the root": Broken(
        'query X @rest(method: GET, path: "/x") { ...Y }\nfragment Y on Query { shelf { isbn } }',
        1,
        "must select exactly one root field",
    ),
    "a conditional root field": Broken(
        'query X($a: Boolean! = true) @rest(method: GET, path: "/x", query: ["a"]) {\n shelf @skip(if: $a) { isbn } }',
        2,
        "cannot hang on @include or @skip",
    ),
    "introspection": Broken(
        'query X @rest(method: GET, path: "/x") { __schema { description } }', 1, "introspection has no REST endpoint"
    ),
    "a success that is none": Broken(
        'query X @rest(method: GET, path: "/x", success: 302) { shelf { isbn } }', 1, "success is a 2xx"
    ),
    "a success without an answer": Broken(
        'query X @rest(method: GET, path: "/x", success: 204) { shelf { isbn } }', 1, "a 2xx that carries an answer"
    ),
    "a status out of range": Broken(
        VISIT.format(status='[{type: "TurnedAway", code: 99}]', selection="... on Welcome { door }").replace(
            "Visit", "X"
        ),
        2,
        "gives TurnedAway the status 99, which is outside 200–599",
    ),
    "a failure that succeeds": Broken(
        VISIT.format(status='[{type: "BookNotFound", code: 200}]', selection="... on Welcome { door }").replace(
            "Visit", "X"
        ),
        2,
        "BookNotFound is a failure, its status must be 400–599, not 200",
    ),
    "a failure without a status": Broken(
        VISIT.format(status=f"[{DENIED}]", selection="... on Welcome { door }").replace("Visit", "X"),
        2,
        "the failure BookNotFound of “visit” has no status in @rest(status:)",
    ),
    "a failure that overrides a problem": Broken(
        VISIT.format(status=f"[{MISSING}]", selection="... on BookNotFound { title: code }").replace("Visit", "X"),
        2,
        "the failure BookNotFound answers with “title”, which every problem has",
    ),
    "a status for a type outside the union": Broken(
        VISIT.format(status=f'[{MISSING}, {{type: "Book", code: 404}}]', selection="... on Welcome { door }").replace(
            "Visit", "X"
        ),
        2,
        "Book has a status, but “visit” does not give it (one of Welcome, TurnedAway, BookNotFound)",
    ),
    "a status where there is no union": Broken(
        'query X @rest(method: GET, path: "/x",\nstatus: [{type: "Book", code: 404}]) { shelf { isbn } }',
        2,
        "Book has a status, but “shelf” does not give it (a union; use success)",
    ),
    "a status twice": Broken(
        VISIT.format(status=f"[{MISSING}, {MISSING}]", selection="... on Welcome { door }").replace("Visit", "X"),
        2,
        "names a type twice",
    ),
    "an unknown scalar in the answer": Broken(
        'query X @rest(method: GET, path: "/x") {\n shelf { shelfmark } }',
        2,
        "“shelfmark” is the scalar Shelfmark, which the facade cannot document",
    ),
    "an unknown scalar in the body": Broken(
        'mutation X($input: ShelveInput!) @rest(method: POST, path: "/x", body: "input") { shelve(input: $input) }',
        1,
        "no rule to read the scalar “Shelfmark”",
    ),
    "an operation that costs too much": Broken(
        '# Dear.\nquery X @rest(method: GET, path: "/x") { broken }', 2, "the operation costs 1001, at most 1000"
    ),
    "a field deprecated on a day that is none": Broken(
        'query X @rest(method: GET, path: "/x") { lostShelf { isbn } }',
        1,
        "a date that does not exist, among 2024-02-30",
    ),
    "a request that exists already": Broken(
        'query X @rest(method: GET, path: "/shelf") { shelf { isbn } }',
        1,
        "GET /shelf is already operations/books/Shelf.graphql",
    ),
    "a path another one could mean": Broken(
        'query X($other: String!) @rest(method: GET, path: "/books/{other}") { book(isbn: $other) { isbn } }',
        1,
        "is already operations/books/Book.graphql",
    ),
    "an ambiguous path of another method": Broken(
        'mutation X($a: String!) @rest(method: DELETE, path: "/books/{a}", status: [{type: "BookNotFound", code: 404}'
        ', {type: "AlreadyLent", code: 409}]) { lend(input: {isbn: $a}) { ... on Loan { isbn } } }',
        1,
        "/books/{a} is ambiguous with /books/{isbn} of operations/books/Book.graphql",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_document_stops_the_start(tmp_path: Path, name: str) -> None:
    broken = BROKEN[name]
    with pytest.raises(BrokenDocuments) as stopped:
        facade_of(tmp_path, {**DOCUMENTS, "x/X": broken.document})
    told = [(each.file, each.line) for each in stopped.value.mistakes if broken.reason in each.reason]
    assert told == [(broken.file, broken.line)], str(stopped.value)


def test_a_mistake_in_a_shared_fragment_names_the_fragment_s_file_once(tmp_path: Path) -> None:
    with pytest.raises(BrokenDocuments) as stopped:
        facade_of(tmp_path, {**DOCUMENTS, "../fragments/Author": "\nfragment Author on Author { colour }"})
    (mistake,) = stopped.value.mistakes
    assert (mistake.file, mistake.line) == ("fragments/Author.graphql", 1)
    assert "colour" in mistake.reason


def test_an_operation_has_no_place_among_the_fragments(tmp_path: Path) -> None:
    with pytest.raises(BrokenDocuments, match=r"fragments/Y.graphql:1: a shared file holds fragments only"):
        facade_of(tmp_path, {**DOCUMENTS, "../fragments/Y": "query Y { shelf { isbn } }"})


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "operations" / "x"
    folder.mkdir(parents=True)
    (folder / "X.graphql").write_bytes(b"query \xff")
    with pytest.raises(BrokenDocuments, match=r"operations/x/X.graphql:1: the file is not UTF-8"):
        facade_of(tmp_path, DOCUMENTS)


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(BrokenDocuments, match=r"the folder holds no .graphql document"):
        facade_of(tmp_path, {})


def test_all_mistakes_of_all_documents_are_told_together(tmp_path: Path) -> None:
    documents = {
        "x/X": 'query X @rest(method: FETCH, path: "/x", colour: 1) { shelf { colour } }',
        "y/Y": "query Y {",
        "y/Z": "query Z($a: String) { book(isbn: $a) { isbn } }",
    }
    with pytest.raises(BrokenDocuments) as stopped:
        facade_of(tmp_path, documents)
    assert str(stopped.value).splitlines() == [
        "6 mistakes in the REST operations:",
        "operations/x/X.graphql:1: @rest has no argument “colour” "
        "(it has method, path, query, headers, body, success, status, tag, summary)",
        "operations/x/X.graphql:1: @rest(method:) must be one of GET, POST, PUT, PATCH, DELETE",
        "operations/x/X.graphql:1: Cannot query field 'colour' on type 'Book'.",
        "operations/y/Y.graphql:1: Syntax Error: Expected Name, found <EOF>.",
        "operations/y/Z.graphql:1: Variable '$a' of type 'String' used in position expecting type 'String!'.",
        "operations/y/Z.graphql:1: the operation carries no @rest directive",
    ]
