// Subscriptions as graphql-ws serves them on Node, to compare with: `node node_sockets.mjs FD`. `POST /fire` makes events.
//
// The packages are those of tests/clients; the schema is that of bench/stock_sockets.py.
import http from "node:http";
import { createRequire } from "node:module";

const require = createRequire(new URL("../tests/clients/package.json", import.meta.url));
const { buildSchema } = require("graphql");
const { useServer } = require("graphql-ws/use/ws");
const { WebSocketServer } = require("ws");

const schema = buildSchema(`
  type Event { id: String! cursor: String! topic: String! subject: String! at: Float! }
  type Query { ok: Boolean! }
  type Subscription { events: Event! }
`);
const listeners = new Set();

async function* events() {
  const waiting = [];
  let wake = () => {};
  const listener = (number) => {
    waiting.push(number);
    wake();
  };
  listeners.add(listener);
  try {
    yield { events: { id: "0", cursor: "begin", topic: "", subject: "", at: 0 } };
    while (true) {
      while (waiting.length > 0) {
        const id = String(waiting.shift());
        yield { events: { id, cursor: "c".repeat(60), topic: "wallet.low", subject: "s".repeat(36), at: 0 } };
      }
      await new Promise((resolve) => (wake = resolve));
    }
  } finally {
    listeners.delete(listener);
  }
}
schema.getSubscriptionType().getFields().events.subscribe = events;

async function fire(request, response) {
  let body = "";
  for await (const piece of request) body += piece;
  for (let number = 0; number < Number(body); number++) for (const listener of listeners) listener(number);
  response.writeHead(204).end();
}

const server = http.createServer(fire);
useServer({ schema }, new WebSocketServer({ server, path: "/graphql", perMessageDeflate: false }));
process.on("SIGTERM", () => process.exit(0));
server.listen({ fd: Number(process.argv[2]) });
