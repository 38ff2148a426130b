// Follows the log with a client from npm, and prints one JSON object a line: events, and what happens to the connection.
//
//   node follow.mjs ws|sse URL KEY [AFTER]
//
// Both clients subscribe anew by themselves after the connection was lost, with the request as it stands then: so the
// variable `after` is kept at the last cursor.
import { createClient as createSocketClient } from "graphql-ws";
import { createClient as createStreamClient } from "graphql-sse";
import WebSocket from "ws";

const [kind, url, key, after] = process.argv.slice(2);
const tell = (line) => console.log(JSON.stringify(line));
const soon = () => new Promise((done) => setTimeout(done, 50));
const request = {
  query: `subscription ($after: String) { events(after: $after) {
    __typename ... on Event { id cursor topic data } ... on Checkpoint { cursor } ... on Gap { code } } }`,
  variables: { after: after ?? null },
};

const client =
  kind === "ws"
    ? createSocketClient({
        url: `${url.replace("http", "ws")}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { "X-API-KEY": key },
        retryAttempts: 200,
        retryWait: soon,
        on: {
          connected: () => tell({ connected: true }),
          closed: (event) => tell({ closed: event.code, reason: event.reason }),
        },
      })
    : createStreamClient({
        url: `${url}/graphql`,
        headers: { "X-API-KEY": key },
        retryAttempts: 200,
        retry: soon,
        on: { connected: () => tell({ connected: true }) },
      });

client.subscribe(request, {
  next: ({ data, errors }) => {
    if (errors) return tell({ errors });
    const { __typename, cursor, ...event } = data.events;
    if (cursor) request.variables.after = cursor;
    tell(__typename === "Event" ? { event, cursor } : { [__typename.toLowerCase()]: true, cursor });
  },
  error: (error) => tell({ error: error.message ?? String(error.code ?? error), code: error.code }),
  complete: () => tell({ complete: true }),
});
