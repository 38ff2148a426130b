"""The library's operation documents: one of every kind the facade serves."""

DOCUMENTS = {
    "books/Book": """
        # One book.
        # Even its author.
        query Book($isbn: String!) @rest(method: GET, path: "/books/{isbn}") {
          book(isbn: $isbn) { ...Book }
        }
    """,
    "books/BookOnShelf": """
        query BookOnShelf($isbn: String!) @rest(method: GET, path: "/books/badge/{isbn}") {
          book(isbn: $isbn) { isbn heading: title }
        }
    """,
    "books/Books": """
        query Books($first: Int! = 2, $after: String, $genre: Genre)
        @rest(method: GET, path: "/books", query: ["first", "after", "genre"]) {
          books(first: $first, after: $after, genre: $genre) {
            nodes { ...Book }
            pageInfo { hasNextPage endCursor }
          }
        }
    """,
    "books/Shelf": """
        query Shelf($brief: Boolean! = true) @rest(method: GET, path: "/shelf", query: ["brief"]) {
          shelf { isbn title @skip(if: $brief) }
        }
    """,
    "books/OldShelf": """
        query OldShelf @rest(method: GET, path: "/old-shelf", tag: "museum", summary: "The old shelf") {
          oldShelf { isbn author { penName } }
        }
    """,
    "doors/Visit": """
        "Whether a reader may come in."
        query Visit($reader: String!, $door: Int!)
        @rest(method: GET, path: "/doors/visit", query: ["reader", "door"],
              status: [{type: "TurnedAway", code: 403}, {type: "BookNotFound", code: 404}]) {
          visit(reader: $reader, door: $door) {
            ... on Welcome { decision door }
            ... on TurnedAway { decision reason message }
          }
        }
    """,
    "doors/Echo": """
        query Echo($text: String! = "default", $number: Int! = 0, $share: Float! = 0, $flag: Boolean! = false,
                   $genre: Genre! = novel, $on: Date! = "2024-12-31", $words: [String!], $maybe: String)
        @rest(method: GET, path: "/echo",
              query: ["text", "number", "share", "flag", "genre", "on", "words", "maybe"]) {
          echo(text: $text, number: $number, share: $share, flag: $flag, genre: $genre, on: $on,
               words: $words, maybe: $maybe) { text number share flag genre on words maybe }
        }
    """,
    "doors/Secret": """
        query Secret($isbn: String!) @rest(method: GET, path: "/secrets/{isbn}") {
          book(isbn: $isbn) { isbn secret }
        }
    """,
    "loans/Lend": """
        mutation Lend($input: LendInput!, $idempotencyKey: String)
        @rest(method: POST, path: "/loans", body: "input", success: 201,
              headers: [{name: "Idempotency-Key", variable: "idempotencyKey"}],
              status: [{type: "BookNotFound", code: 404}, {type: "AlreadyLent", code: 409}]) {
          lend(input: $input, idempotencyKey: $idempotencyKey) {
            ... on Loan { isbn days note key }
            ... on AlreadyLent { until }
            ... on Failure { code }
          }
        }
    """,
    "../fragments/Book": "fragment Book on Book { isbn title genre pages author { ...Author } }",
    "../fragments/Author": "fragment Author on Author { name }",
}
