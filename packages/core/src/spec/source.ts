import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AirgapError } from '../errors.ts';
import { unreadable } from '../unreadable.ts';

/** A text that somebody wrote, and the name to call it by. */
export interface SourceText {
  /** The path as the user gave it, or `<stdin>`. */
  readonly file: string;
  readonly text: string;
}

const CHECK = 'Check the path; "-" reads from standard input.';
const YAML = /\.ya?ml$/i;

/**
 * Reads files, and the YAML files of directories at any depth in the order of their names; texts pass through.
 *
 * @throws AirgapError `INPUT` for what cannot be read, and for a directory without YAML
 */
export async function readSources(specs: readonly (string | SourceText)[]): Promise<SourceText[]> {
  const sources: SourceText[] = [];
  for (const spec of specs) {
    if (typeof spec !== 'string') sources.push(spec);
    else for (const file of await filesOf(spec)) sources.push(await readSource(file));
  }
  return sources;
}

async function filesOf(path: string): Promise<string[]> {
  const isDirectory = await stat(path).then(
    found => found.isDirectory(),
    cause => {
      throw unreadable('the spec', path, cause, CHECK);
    },
  );
  if (!isDirectory) return [path];
  const files = await yamlBelow(path);
  if (files.length > 0) return files;
  throw new AirgapError('INPUT', 'the directory holds no YAML', {
    where: { path },
    hint: 'Name the directory of the specs, or the files themselves.',
  });
}

async function yamlBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch(cause => {
    throw unreadable('the spec', folder, cause, CHECK);
  });
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of found) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    if (entry.isDirectory()) files.push(...(await yamlBelow(path)));
    else if (YAML.test(entry.name)) files.push(path);
  }
  return files;
}

async function readSource(file: string): Promise<SourceText> {
  const bytes = await readFile(file).catch(cause => {
    throw unreadable('the spec', file, cause, CHECK);
  });
  try {
    return { file, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (cause) {
    throw new AirgapError('INPUT', 'the file is not UTF-8 text', {
      where: { path: file },
      cause,
      hint: 'Name the specs, not a bundle; save them as UTF-8.',
    });
  }
}
