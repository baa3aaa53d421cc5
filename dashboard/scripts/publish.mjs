// Puts what was built beside into `dist`, which may be served meanwhile: files first, the page that names them last, and
// only then what it no longer names goes. Each larger file also gzipped, since the API does not compress at every request.
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const WORTH_BYTES = 1000;
const PAGE = 'index.html';
const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const built = (name) => here(`.build/${name}`);
const served = (name) => here(`dist/${name}`);

const files = async (folder) =>
  (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
    .filter((one) => one.isFile())
    .map((one) => `${one.parentPath}/${one.name}`.slice(folder.length));

const put = async (name) => {
  await mkdir(dirname(served(name)), { recursive: true });
  await cp(built(name), served(`${name}.new`));
  await rename(served(`${name}.new`), served(name));
};

for (const name of await files(built(''))) {
  const content = await readFile(built(name));
  if (/\.(js|css|html|svg)$/.test(name) && content.length > WORTH_BYTES) await writeFile(built(`${name}.gz`), gzipSync(content, { level: 9 }));
}
const made = await files(built(''));
const page = (name) => name === PAGE || name === `${PAGE}.gz`;
for (const name of made) if (!page(name)) await put(name);
for (const name of made) if (page(name)) await put(name);
const current = new Set(made);
for (const name of await files(served(''))) if (!current.has(name)) await rm(served(name));
await rm(built(''), { recursive: true });
