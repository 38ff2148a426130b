"""Events over plain HTTP (Server-Sent Events): GraphQL operations by `graphql-sse`, and the log for EventSource."""
