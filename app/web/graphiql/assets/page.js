// The page at /graphql: GraphiQL with a box for the key, which never leaves the memory of this tab, and the examples of
// the guide that the key can run.
import {
  buildClientSchema, createElement as h, createRoot, getIntrospectionQuery, GraphiQL, parse, useMemo,
  useState, validate,
} from "./vendor.js";

const ENDPOINT = "/graphql";
const WITHOUT_KEY = "Entrez d'abord une clé d'API, en haut de la page.";
const WELCOME = `# Skooly, l'API GraphQL
#
# 1. Entrez votre clé d'API, en haut.
# 2. La documentation, à gauche, montre
#    ce que cette clé ouvre, et rien d'autre.
# 3. Choisissez un exemple, en haut à droite,
#    puis exécutez-le avec Ctrl-Entrée.
#
# La clé reste dans la mémoire de cet onglet.
# « ./skooly up » affiche dans le terminal
# une clé de démonstration par usage.
`;

async function ask(key, body) {
  const response = await fetch(ENDPOINT, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json", "accept-language": "fr", "x-api-key": key },
    body: JSON.stringify(body),
    credentials: "omit",
    cache: "no-store",
  });
  const answer = await response.json().catch(() => ({}));
  return answer.data || answer.errors
    ? answer
    : { errors: [{ message: answer.detail ?? `Le serveur a répondu ${response.status}.` }] };
}

/** The schema as `key` sees it. Throws an Error in words for the person at the page. */
async function schemaSeenWith(key) {
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new Error("Cette clé contient des caractères qu'aucune clé n'a. Copiez-la de nouveau, en entier.");
  }
  let answer;
  try {
    answer = await ask(key, { query: getIntrospectionQuery({ inputValueDeprecation: true }) });
  } catch {
    throw new Error("Le serveur ne répond pas. Vérifiez qu'il est démarré, puis réessayez.");
  }
  if (!answer.data) throw new Error(answer.errors[0].message);
  return buildClientSchema(answer.data, { assumeValid: true });
}

/** Who holds the key and of which school, in a few words; nothing where the server does not tell. */
async function holderOf(key) {
  const { data } = await ask(key, { query: "{ viewer { partner preset school { name } } }" });
  return data?.viewer ? [data.viewer.partner, data.viewer.school?.name, `profil ${data.viewer.preset}`].filter(Boolean) : [];
}

/** The examples that can be run on `schema`: the guide tells every partner's, a key opens some. */
function runnable(examples, schema) {
  return examples.filter(({ query }) => validate(schema, parse(query)).length === 0);
}

/** What GraphiQL remembers (tabs, history, sizes): gone with the tab, for it may name a student. */
const storage = {
  getItem: (name) => sessionStorage.getItem(name),
  setItem: (name, value) => sessionStorage.setItem(name, value),
  removeItem: (name) => sessionStorage.removeItem(name),
  clear: () => sessionStorage.clear(),
  get length() { return sessionStorage.length; },
};

function KeyBox({ busy, failure, opened, onKey, onForget }) {
  const [typed, setTyped] = useState("");
  const submit = (event) => {
    event.preventDefault();
    if (typed.trim()) onKey(typed.trim());
  };
  const forget = () => { setTyped(""); onForget(); };
  const field = h("input", {
    id: "key", type: "password", value: typed, placeholder: "sk_live_…", autoComplete: "off", spellCheck: false,
    autoFocus: true, "aria-describedby": "state", "aria-invalid": Boolean(failure),
    onChange: (event) => setTyped(event.target.value),
  });
  return h("form", { className: "key", onSubmit: submit },
    h("label", { htmlFor: "key" }, "Clé d'API"), field,
    h("button", { type: "submit", disabled: busy || !typed.trim() }, busy ? "Vérification…" : "Utiliser"),
    opened && h("button", { type: "button", className: "quiet", onClick: forget }, "Oublier"),
  );
}

function State({ failure, opened, holder, count }) {
  if (failure) return h("p", { id: "state", className: "state failed", role: "alert" }, failure);
  if (!opened) return h("p", { id: "state", className: "state" }, "Sans clé, rien n'est visible. Entrez la vôtre, puis choisissez un exemple.");
  const examples = count === 0 ? "aucun exemple" : count === 1 ? "un exemple" : `${count} exemples`;
  return h("p", { id: "state", className: "state opened", role: "status" }, ["Clé acceptée", ...holder, examples].join(" · "));
}

function Examples({ examples, onChoose }) {
  const choose = (event) => {
    const chosen = examples[Number(event.target.value)];
    if (chosen) onChoose(chosen);
  };
  return h("label", { className: "examples" }, h("span", null, "Exemples"),
    h("select", { id: "examples", value: "", disabled: examples.length === 0, onChange: choose },
      h("option", { value: "" }, examples.length ? "Choisir…" : "Après la clé"),
      examples.map(({ title }, index) => h("option", { key: title, value: index }, title))));
}

function Page({ examples }) {
  const [key, setKey] = useState(null);
  const [schema, setSchema] = useState(null);
  const [holder, setHolder] = useState([]);
  const [failure, setFailure] = useState(null);
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState({ query: undefined, variables: undefined });

  const forget = () => { setKey(null); setSchema(null); setFailure(null); };
  const open = async (given) => {
    setBusy(true);
    setFailure(null);
    try {
      const seen = await schemaSeenWith(given);
      setHolder(await holderOf(given));
      setSchema(seen);
      setKey(given);
    } catch (error) {
      setKey(null);
      setSchema(null);
      setFailure(error.message);
    }
    setBusy(false);
  };
  const fetcher = useMemo(() => (asked) => {
    if (key === null) return { errors: [{ message: WITHOUT_KEY }] };
    const { query, operationName, variables } = asked;
    return ask(key, { query, ...(operationName && { operationName }), ...(variables && { variables }) });
  }, [key]);
  const possible = useMemo(() => (schema ? runnable(examples, schema) : []), [examples, schema]);

  return h("div", { className: "page" },
    h("header", null,
      h("h1", null, h("img", { src: "/graphql/icon.svg", alt: "", width: 24, height: 24 }), "Skooly", h("span", null, "GraphQL")),
      h(KeyBox, { busy, failure, opened: schema !== null, onKey: open, onForget: forget }),
      h(Examples, { examples: possible, onChoose: setShown }),
      h("nav", null, h("a", { href: "/v1/docs" }, "REST /v1")),
      h(State, { failure, opened: schema !== null, holder, count: possible.length }),
    ),
    h("main", null, h(GraphiQL, {
      fetcher, schema, storage, ...shown,
      defaultQuery: WELCOME, isHeadersEditorEnabled: false, shouldPersistHeaders: false, showPersistHeadersSettings: false,
      defaultEditorToolsVisibility: "variables",
    })),
  );
}

const examples = await fetch("/graphql/examples.json").then((response) => response.json());
createRoot(document.getElementById("page")).render(h(Page, { examples }));
