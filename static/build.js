/**
 * Bundles static/src into static/dist, and writes manifest.json: file name -> first 12 hex digits of its content's
 * SHA-256, so that a page can ask for /static/{hash}/{name} and a browser may keep it for ever.
 */
import { createHash } from "node:crypto"
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const here = dirname(fileURLToPath(import.meta.url))
const dist = join(here, "dist")
const fresh = join(here, `.dist-${process.pid}`)
const sources = ["src/plan.js", "src/family.js", "src/page.js", "src/huddle.js", "src/invitation.js", "src/sheet.js", "src/loop.js", "src/work.js"].map((name) => join(here, name))

/** @param {string} folder @returns {Promise<Record<string, string>>} */
async function hashes(folder) {
  /** @type {Record<string, string>} */
  const manifest = {}
  for (const name of (await readdir(folder)).sort()) {
    manifest[name] = createHash("sha256").update(await readFile(join(folder, name))).digest("hex").slice(0, 12)
  }
  return manifest
}

await mkdir(fresh, { recursive: true })
await build({
  entryPoints: sources,
  inject: [join(here, "src/cover.js")], // Deny by default: no page can be made without it.
  outdir: fresh,
  entryNames: "[name]",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome115", "firefox115", "safari16.4"],
  legalComments: "none",
  loader: { ".css": "text" },
  logLevel: "warning",
})
// No pages, so without the cover: a worker has no document, and the other comes to a page that has it.
await build({ entryPoints: { offline: join(here, "src/offline_worker.js"), away: join(here, "src/away.js") }, outdir: fresh, bundle: true, minify: true, format: "iife", target: ["chrome115", "firefox115", "safari16.4"], legalComments: "none", logLevel: "warning" })
await writeFile(join(fresh, "manifest.json"), `${JSON.stringify(await hashes(fresh), null, 2)}\n`)
await rm(dist, { recursive: true, force: true })
await rename(fresh, dist)
