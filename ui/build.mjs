// Builds the web app into dist/: hashed names, compressed forms, the page, the manifest, the service worker.
// The server takes what is there; it never calls this. Run by `npm run build`, `./dev up` and the Dockerfile.

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import esbuild from "esbuild";
import { minify } from "terser";

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, "dist");
// The floor: the two latest versions of each, Safari 17.5 and later.
const TARGET = ["es2023", "chrome125", "firefox126", "safari17.5"];
const COMPRESSED = /\.(html|js|css|svg|webmanifest|txt)$/;

const text = (path) => readFile(join(HERE, path), "utf8");
const hashed = (bytes) => createHash("sha256").update(bytes).digest("base64url").replace(/[-_]/g, "x").slice(0, 8);

/** The files to write, by their path in dist/. */
const files = new Map();

/**
 * Keeps the first view in one file, whatever later pages share with it: that compresses better, and comes at once.
 * Each later page imports the app, so all that the app has belongs to the same chunk.
 */
const together = {
  name: "together",
  setup(build) {
    const main = join(HERE, "src/main.tsx");
    const later = new Set();
    build.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      if (kind === "dynamic-import") later.add(join(resolveDir, path));
      return undefined;
    });
    build.onLoad({ filter: /\.tsx?$/ }, async ({ path }) => {
      if (!later.has(path)) return undefined;
      return { contents: `import ${JSON.stringify(main)};\n${await readFile(path, "utf8")}`, loader: extname(path) === ".tsx" ? "tsx" : "ts" };
    });
  },
};

const common = { absWorkingDir: HERE, bundle: true, minify: true, write: false, target: TARGET, legalComments: "none" };
const bundle = await esbuild.build({
  ...common,
  entryPoints: { app: "src/main.tsx", style: "src/styles/app.css" },
  outdir: "dist/assets",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  publicPath: "/assets",
  format: "esm",
  splitting: true,
  // Calls of h() are shorter than those of the automatic runtime. Types are checked by tsc, with tsconfig.json.
  tsconfigRaw: { compilerOptions: { target: "ES2023", verbatimModuleSyntax: true } },
  jsx: "transform",
  jsxFactory: "h",
  jsxFragment: "Fragment",
  inject: ["src/parts/h.ts"],
  plugins: [together],
  loader: { ".svg": "file" },
  define: { DEVELOPMENT: "false" },
  metafile: true,
});
for (const { path, contents, text: code } of bundle.outputFiles) {
  // A second pass: gzipped, what terser makes is 3 % smaller than what esbuild makes.
  const script = path.endsWith(".js") && (await minify(code, { module: true, ecma: 2020, compress: { passes: 2 } })).code;
  files.set(path.slice(DIST.length + 1), Buffer.from(script || contents));
}

const outputs = Object.entries(bundle.metafile.outputs);
const output = (entry) => outputs.find(([, it]) => it.entryPoint === entry);
const address = (path) => "/" + path.replace(/^dist\//, "");
const [entry, made] = output("src/main.tsx");
const [style] = output("src/styles/app.css");
const [script, ...needed] = made.imports.filter((it) => it.kind === "import-statement").map((it) => it.path);
// The entry itself has nothing but an import of that one file.
if (Object.values(made.inputs).some((it) => it.bytesInOutput > 0)) throw new Error("the first view is no longer in one file");
files.delete(entry.slice("dist/".length));

/** Adds a file under a name with its hash and says where it is. */
function asset(name, bytes) {
  const path = "assets/" + name.replace(/(\.\w+)$/, `-${hashed(bytes)}$1`);
  files.set(path, Buffer.from(bytes));
  return "/" + path;
}

// --- icons ---

const icons = {};
for (const name of await readdir(join(HERE, "icons"))) {
  icons[name] = asset(name, await readFile(join(HERE, "icons", name)));
}
const picture = (name, sizes, purpose = "any") => ({
  src: icons[name],
  sizes,
  type: name.endsWith(".svg") ? "image/svg+xml" : "image/png",
  purpose,
});
const manifest = {
  id: "/",
  name: "Signoff",
  short_name: "Signoff",
  description: "Approvals that people give, and the service that waits for them.",
  start_url: "/inbox",
  scope: "/",
  display: "standalone",
  background_color: "#f4f5f7",
  theme_color: "#f4f5f7",
  icons: [
    picture("icon.svg", "any"),
    picture("icon-192.png", "192x192"),
    picture("icon-512.png", "512x512"),
    picture("icon-maskable-512.png", "512x512", "maskable"),
  ],
};
files.set("manifest.webmanifest", Buffer.from(JSON.stringify(manifest, null, 1)));

// --- licences of what is inside ---

const inside = ["preact", "@preact/signals", "@preact/signals-core"];
const licences = await Promise.all(
  inside.map(async (name) => `${name}\n\n${(await text(`node_modules/${name}/LICENSE`)).trim()}\n`),
);
asset("licences.txt", licences.join("\n\n"));

// --- the page ---

const sprite = (await text("src/icons.svg")).replace(/\s*\n\s*/g, "");
const bare = (await text("src/index.html"))
  .replace("%STYLE%", address(style))
  .replace("%SCRIPT%", address(script))
  .replace("%NEEDED%", needed.map((path) => `<link rel="modulepreload" href="${address(path)}">`).join(""))
  .replace("%ICON%", icons["icon.svg"])
  .replace("%TOUCH%", icons["icon-180.png"])
  .replace("%SPRITE%", () => sprite);
const lasting = [...files.keys()].filter((path) => /\.(js|css|svg)$/.test(path)).map((path) => "/" + path);
// The page knows which build it is of, and the server says to every page which one it has.
const build = hashed(lasting.join("\n") + bare);
files.set("index.html", Buffer.from(bare.replace("%BUILD%", build)));
files.set("build.txt", Buffer.from(build));

// --- scripts that stand alone: beside the app, and the service worker, which names all others ---

for (const name of ["start", "service-worker"]) {
  const alone = await esbuild.build({
    ...common,
    entryPoints: [`src/${name}.ts`],
    outfile: `dist/${name}.js`,
    format: "iife",
    define: { BUILD: JSON.stringify(build), FILES: JSON.stringify(lasting) },
  });
  files.set(`${name}.js`, Buffer.from(alone.outputFiles[0].contents));
}

// --- onto the disk: a server that reads there meanwhile has the one build or the other, whole ---

const sizes = [];
const written = [];
for (const [path, bytes] of files) {
  written.push([path, bytes]);
  if (!COMPRESSED.test(path)) continue;
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  const gzip = gzipSync(bytes, { level: 9 });
  written.push([path + ".br", brotliCompressSync(bytes, quality)], [path + ".gz", gzip]);
  if (/\.(js|css)$/.test(path) && path.startsWith("assets/")) sizes.push([path, gzip.length]);
}
await mkdir(join(DIST, "assets"), { recursive: true });
// What has a hash in its name first, then what names it, then away with the one before.
const isAsset = ([path]) => path.startsWith("assets/");
for (const [path, bytes] of [...written.filter(isAsset), ...written.filter((it) => !isAsset(it))]) {
  await writeFile(join(DIST, `${path}.new`), bytes);
  await rename(join(DIST, `${path}.new`), join(DIST, path));
}
const kept = new Set([".gitkeep", "assets", ...written.map(([path]) => path)]);
for (const name of await readdir(DIST)) if (!kept.has(name)) await rm(join(DIST, name), { recursive: true, force: true });
for (const name of await readdir(join(DIST, "assets"))) if (!kept.has(`assets/${name}`)) await rm(join(DIST, "assets", name), { force: true });

// --- what it weighs ---

const first = new Set([script, style, ...needed].map((path) => path.replace(/^dist\//, "")));
const sum = (list) => list.reduce((total, [, size]) => total + size, 0);
const view = sum(sizes.filter(([path]) => first.has(path)));
const all = sum(sizes);
const kilo = (size) => (size / 1000).toFixed(1);
console.log(`web app: first view ${kilo(view)} kB gzipped, all of it ${kilo(all)} kB`);
if (view > 80_000 || all > 150_000) {
  console.error("web app: over its budget of 80 kB for the first view, 150 kB for all");
  process.exit(1);
}
