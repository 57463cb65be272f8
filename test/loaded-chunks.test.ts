import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const DIST = fileURLToPath(new URL('../packages/cli/dist/', import.meta.url));
/** A text that only this library has. */
const LIBRARIES = {
  http: 'llhttp',
  yaml: 'tag:yaml.org,2002:',
  http2: 'node:http2',
  objects: 'S3ServiceException',
};

const table: [command: string, loaded: (keyof typeof LIBRARIES)[]][] = [
  ['inspect', []],
  ['verify', []],
  ['diff', []],
  ['split', []],
  ['join', []],
  ['merge', []],
  ['serve', []],
  ['load', ['http']],
  ['lint', ['http', 'yaml']],
  ['build', ['http', 'yaml']],
];

it.each(table)('%s loads no library that it needs only sometimes', (command, expected) => {
  const text = textOf(chunksFrom(chunkOf(command)));
  const loaded = Object.entries(LIBRARIES).filter(([, marker]) => text.includes(marker));
  expect(loaded.map(([name]) => name)).toEqual(expected);
});

it('help loads no library but commander', () => {
  const text = textOf(chunksFrom('main.js'));
  expect(Object.values(LIBRARIES).filter(marker => text.includes(marker))).toEqual([]);
});

/** The file that the program imports for a command. */
function chunkOf(command: string): string {
  const imports = textOf(chunksFrom('main.js')).matchAll(
    /import\([`"]\.\/(?<file>[\w-]+\.js)[`"]\)\)\.(?<name>\w+)Command\b/g,
  );
  const file = [...imports].find(({ groups }) => groups?.name === command)?.groups?.file;
  if (file === undefined) throw new Error(`no chunk for ${command}`);
  return file;
}

/** A chunk and those that it imports at once. */
function chunksFrom(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const imports = textOf([file]).matchAll(/(?:\bfrom|\bimport)"\.\/(?<imported>[\w-]+\.js)"/g);
  for (const { groups } of imports) if (groups?.imported) chunksFrom(groups.imported, found);
  return found;
}

function textOf(files: Iterable<string>): string {
  return [...files].map(file => readFileSync(join(DIST, file), 'utf8')).join('\n');
}
