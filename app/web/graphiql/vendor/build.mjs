// Bundles entry.js into ../assets: one script, one style sheet, the licences of what is in them, and a manifest of
// hashes that tests/web/test_graphiql.py compares with the files. The same lock gives the same bytes.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const assets = join(here, "..", "assets");

// GraphiQL carries its fonts as data: addresses, four fifths of its style sheet; the page uses the system's.
const withoutFonts = {
  name: "without-fonts",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/@font-face\s*\{[^}]*\}/g, ""),
      loader: "css",
    }));
  },
};

const { metafile } = await build({
  entryPoints: [join(here, "entry.js")],
  outfile: join(assets, "vendor.js"),
  absWorkingDir: here,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [withoutFonts],
  metafile: true,
});

function licences(inputs) {
  const packages = new Set(
    inputs.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)).filter(Boolean).map(([folder]) => folder),
  );
  return [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
    const file = readdirSync(join(here, folder)).find((each) => /^licen[cs]e/i.test(each));
    const text = file ? readFileSync(join(here, folder, file), "utf8").replaceAll("\r\n", "\n").trim() : "";
    return `${name} ${version} (${license})\n${text ? `\n${text}\n` : ""}`;
  });
}

writeFileSync(join(assets, "LICENCES.txt"), licences(Object.keys(metafile.inputs)).join(`\n${"-".repeat(80)}\n\n`));

const hash = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
const lines = [
  ...["entry.js", "build.mjs", "package.json", "package-lock.json"].map((name) => [`vendor/${name}`, join(here, name)]),
  ...["vendor.js", "vendor.css", "LICENCES.txt"].map((name) => [`assets/${name}`, join(assets, name)]),
].map(([name, path]) => `${hash(path)}  ${name}\n`);
writeFileSync(join(here, "manifest.sha256"), lines.join(""));
