// What the first page and everything may weigh, gzipped; more ends the build.
import { readFile, readdir } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const KB = 1000;
const BUDGET = { firstScript: 130 * KB, firstStyle: 15 * KB, everything: 400 * KB };

const dist = new URL('../.build/', import.meta.url);
const weigh = async (name) => gzipSync(await readFile(new URL(name, dist)), { level: 9 }).length;

const html = await readFile(new URL('index.html', dist), 'utf8');
const named = (pattern) => [...html.matchAll(pattern)].map((found) => found[1].replace(/^\//, ''));
const entry = named(/(?:src|href)="(\/assets\/[^"]+\.js)"/g);
// The first page is the entry, what it imports at once, and the chunk of the page at `/`.
const assets = await readdir(new URL('assets/', dist));
const scripts = new Set(entry);
for (const name of entry) {
  const source = await readFile(new URL(name, dist), 'utf8');
  for (const [, found] of source.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) scripts.add(`assets/${found}`);
}
for (const name of assets) if (/^Now-.*\.js$/.test(name)) scripts.add(`assets/${name}`);
const styles = new Set(named(/href="(\/assets\/[^"]+\.css)"/g));
for (const name of assets) if (/^Now-.*\.css$/.test(name)) styles.add(`assets/${name}`);

const sum = async (names) => (await Promise.all([...names].map(weigh))).reduce((a, b) => a + b, 0);
const measured = {
  firstScript: await sum(scripts),
  firstStyle: await sum(styles),
  everything: await sum(assets.filter((name) => /\.(js|css)$/.test(name)).map((name) => `assets/${name}`)),
};
let over = false;
for (const [name, most] of Object.entries(BUDGET)) {
  const found = measured[name];
  over ||= found > most;
  console.log(`${name}: ${(found / KB).toFixed(1)} of ${(most / KB).toFixed(0)} kB gzip${found > most ? '  TOO LARGE' : ''}`);
}
if (over) process.exit(1);
