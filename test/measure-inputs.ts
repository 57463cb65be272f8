/**
 * Measures how completely images are found in folders of real manifests, for example clones of public repositories:
 * `npx tsx -C source test/measure-inputs.ts FOLDER...`. For each folder it prints the images found, the unread strings,
 * and the strings of an independent search that are neither (missed). Which unread strings are false is a judgement:
 * they are listed for it, and those named in `--false FILE`, one a line, are counted as false.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { images, Reference } from '@airgap/core';

/** A name with a known kind of registry, and a tag or digest. Deliberately not the search of the product. */
const IMAGE =
  /(?<![\w.-])(?:(?:quay|ghcr|gcr|docker|k8s\.gcr|registry\.k8s)\.io|public\.ecr\.aws|mcr\.microsoft\.com|registry\.[\w.-]+)\/[a-z0-9][\w./-]*(?::[\w][\w.-]*(?:@sha256:[a-f0-9]{64})?|@sha256:[a-f0-9]{64})/g;

const { values, positionals } = parseArgs({ options: { false: { type: 'string' } }, allowPositionals: true });
const judgedFalse = new Set(values.false === undefined ? [] : readFileSync(values.false, 'utf8').split('\n'));

for (const folder of positionals) await measure(folder);

async function measure(folder: string): Promise<void> {
  const started = performance.now();
  const result = await images({ specs: [folder] });
  const found = new Set(result.images.map(({ reference }) => reference));
  const unread = new Set(result.unread.map(({ reference }) => reference));
  const missed = [...imagesInFiles(folder)].filter(([image]) => !found.has(image) && !unread.has(image));
  const wrong = [...unread].filter(image => judgedFalse.has(image));
  const problems = result.parseErrors.length + result.renderErrors.length;
  const elapsed = Math.round(performance.now() - started);
  print(
    `${folder}: ${found.size} found, ${unread.size} unread, ${missed.length} missed, ${wrong.length} false, ${problems} problems, ${elapsed} ms`,
  );
  for (const { reference, mentions } of result.unread)
    print(`  unread ${reference}: ${mentions[0]?.file}:${mentions[0]?.line} ${mentions[0]?.reason}`);
  for (const [image, place] of missed) print(`  missed ${image}: ${place}`);
}

/** Returns the image-like strings of the YAML files below a folder, without comments, templates and hidden files. */
function imagesInFiles(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter(entry => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .filter(file => !file.slice(folder.length).split('/').some(isHidden));
  for (const file of files) {
    const lines = readFileSync(file, 'utf8').split('\n');
    for (const [index, line] of lines.entries()) {
      if (/^\s*#/.test(line) || line.includes('{{')) continue;
      for (const [text] of line.matchAll(IMAGE)) {
        const image = canonical(text.replace(/[.,]$/, ''));
        if (image !== undefined && !found.has(image)) found.set(image, `${file}:${index + 1}`);
      }
    }
  }
  return found;
}

function isHidden(name: string): boolean {
  return name.startsWith('.');
}

function canonical(text: string): string | undefined {
  try {
    return Reference.parse(text).toString();
  } catch {
    return undefined;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
