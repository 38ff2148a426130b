"""HTTP: GraphQL, the REST adapter, health and metrics, and what every request passes through on its way."""
