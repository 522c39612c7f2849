// Builds the viewer into a folder: bundles, pages, and what the program embeds of them.
//
//     node build.mjs OUTPUT
//
// Writes each part compressed as NAME.gz; `parts.inc`, which lists them for serve/viewer.cpp; and
// `parts.d`, by which the build knows the files that all of it was made of. The same sources give the
// same bytes.

import {build} from 'esbuild';
import {mkdir, readFile, readdir, rm, writeFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';

const web = path.dirname(fileURLToPath(import.meta.url));
const output = path.resolve(process.argv[2]);

const mediaTypes = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

const parts = new Map();
const inputs = new Set([fileURLToPath(import.meta.url), path.join(web, 'package-lock.json')]);

async function bundle() {
  const result = await build({
    absWorkingDir: web,
    entryPoints: {viewer: 'src/viewer.js', updates: 'src/updates.js', 'viewer-css': 'styles/viewer.css', 'updates-css': 'styles/updates.css'},
    outdir: output,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
    minify: true,
    legalComments: 'none',  // they are in licenses.txt
    chunkNames: 'part-[hash]',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  for (const file of result.outputFiles) {
    parts.set(path.basename(file.path).replace('-css.css', '.css'), Buffer.from(file.contents));
  }
  const bundled = Object.keys(result.metafile.inputs).filter((name) => !name.includes(':'));
  bundled.forEach((name) => inputs.add(path.join(web, name)));
  return bundled;
}

async function addPages() {
  for (const name of (await readdir(path.join(web, 'pages'))).sort()) {
    const file = path.join(web, 'pages', name);
    inputs.add(file);
    parts.set(name, await readFile(file));
  }
}

/** Definitions for proj4 by the number of their EPSG code. */
function addProjections() {
  const require = createRequire(import.meta.url);
  const file = require.resolve('proj4-list');
  inputs.add(file);
  const definitions = Object.entries(require(file))
    .filter(([name]) => /^EPSG:\d+$/.test(name))
    .map(([name, [, definition]]) => [name.slice('EPSG:'.length), definition.trim().replace(/\s+/g, ' ')])
    .sort(([a], [b]) => Number(a) - Number(b));
  parts.set('epsg.json', Buffer.from(JSON.stringify(Object.fromEntries(definitions))));
}

/** The licence texts of the packages that are in the bundles. */
async function addLicenses(bundled) {
  const names = new Set(['proj4-list']);
  for (const name of bundled) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(name);
    if (found) {
      names.add(found[1]);
    }
  }
  let text = 'The viewer contains these packages.\n';
  for (const name of [...names].sort()) {
    const folder = path.join(web, 'node_modules', name);
    const {version, license} = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    text += `\n${'='.repeat(78)}\n${name} ${version} (${license})\n\n`;
    text += file ? await readFile(path.join(folder, file), 'utf8') : '';
  }
  parts.set('licenses.txt', Buffer.from(text));
}

async function write() {
  await mkdir(output, {recursive: true});
  // Chunks are named by their content: those of another build would stay.
  const old = (await readdir(output)).filter((name) => name.endsWith('.gz'));
  await Promise.all(old.map((name) => rm(path.join(output, name))));
  const lines = [];
  for (const [name, content] of [...parts].sort()) {
    await writeFile(path.join(output, `${name}.gz`), gzipSync(content, {level: 9}));
    lines.push(`OFFGRID_PART(part_${lines.length}, "/${name}", "${mediaTypes[path.extname(name)]}", "/${name}.gz", ${content.length})\n`);
  }
  await writeFile(path.join(output, 'parts.inc'), lines.join(''));
  const escaped = (name) => name.replace(/[ \\#]/g, '\\$&');
  await writeFile(path.join(output, 'parts.d'), `${escaped(path.join(output, 'parts.inc'))}: ${[...inputs].sort().map(escaped).join(' ')}\n`);
}

const bundled = await bundle();
await addPages();
addProjections();
await addLicenses(bundled);
await write();
