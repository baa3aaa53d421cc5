// Types of every answer, from the OpenAPI file that `python -m scripts.openapi` wrote.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const here = new URL('..', import.meta.url);
const schema = JSON.parse(await readFile(new URL('openapi.json', here), 'utf8'));
const types = astToString(await openapiTS(schema, { defaultNonNullable: true }));
await writeFile(new URL('src/api/schema.d.ts', here), types);
