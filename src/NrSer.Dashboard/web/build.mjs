// Builds the page into ../wwwroot, which is committed: whoever builds the product needs no Node.js. The same input gives the same bytes.
import { copyFile, mkdir } from "node:fs/promises";
import { build } from "esbuild";

const target = process.argv[2] ?? new URL("../wwwroot", import.meta.url).pathname;
await mkdir(target, { recursive: true });
await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: { app: "source/main.tsx", style: "source/style.css" },
    outdir: target,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "eof",
    logLevel: "warning",
});
for (const file of ["index.html", "icon.svg"]) {
    await copyFile(new URL(`source/${file}`, import.meta.url), `${target}/${file}`);
}
