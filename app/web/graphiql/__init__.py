"""GraphiQL at `/graphql`, for a browser: the page, its assets and its examples, all served from here."""
