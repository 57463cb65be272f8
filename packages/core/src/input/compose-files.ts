import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AirgapError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { isInside } from './find/directory.ts';
import { folderOf } from './find/find-input.ts';
import { composeIncludes, composeServices, isCompose } from './formats/compose.ts';
import type { ComposeFile } from './formats/compose-project.ts';
import { parseDotenv } from './formats/dotenv.ts';
import type { Variables } from './formats/interpolation.ts';
import { readSource, type SourceText } from './model/source-text.ts';
import { SpecDocument } from './yaml/document.ts';

/** Maximum number of files that compose files include or extend. */
const MAX_FILES = 1000;
const DEFAULT_NAME = /^(?:docker-)?compose(?<override>\.override)?\.ya?ml$/;

/** Variables for compose files. The environment of the process is not read. */
export interface ComposeOptions {
  /** They take precedence over env files. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** Files read in place of `.env`, later ones first. */
  readonly envFiles?: readonly string[] | undefined;
}

/** The compose files of the input. */
export interface ComposeInput {
  readonly files: ReadonlyMap<string, ComposeFile>;
  /** The texts of files that others include or extend. */
  readonly texts: readonly SourceText[];
  /** Files that cannot be read, each `INPUT` with the position that names them. */
  readonly errors: readonly AirgapError[];
}

/**
 * Reads what compose files need: `.env` files, and the files that they include or extend. Only files in the folders of
 * the input are read.
 *
 * @throws AirgapError `INPUT` for an env file of the options that cannot be read
 */
export async function composeInput(
  specs: readonly (string | SourceText)[],
  texts: readonly SourceText[],
  options: ComposeOptions = {},
): Promise<ComposeInput> {
  const candidates = texts.filter(mayBeCompose);
  const loader = new ComposeLoader(options);
  if (candidates.length > 0) await loader.open(specs, candidates);
  for (const source of candidates) await loader.add(source);
  return loader;
}

function mayBeCompose({ text, rendered }: SourceText): boolean {
  return !rendered && /^['"]?(?:services|include)['"]?\s*:|"services"\s*:/m.test(text);
}

class ComposeLoader implements ComposeInput {
  readonly files = new Map<string, ComposeFile>();
  readonly texts: SourceText[] = [];
  readonly errors: AirgapError[] = [];
  readonly #options: ComposeOptions;
  /** Real paths. */
  readonly #roots: string[] = [];
  readonly #named = new Set<string>();
  /** Absolute path → the text of the file. */
  readonly #sources = new Map<string, SourceText>();
  readonly #dotenvs = new Map<string, Promise<Variables>>();
  #envFiles: Variables | undefined;
  #read = 0;

  constructor(options: ComposeOptions) {
    this.#options = options;
  }

  /** Finds the folders of the input, and reads the env files of the options. */
  async open(specs: readonly (string | SourceText)[], sources: readonly SourceText[]): Promise<void> {
    for (const source of sources) this.#sources.set(resolve(source.file), source);
    for (const spec of specs) {
      if (typeof spec !== 'string') continue;
      const folder = await folderOf(spec);
      if (folder === undefined) this.#named.add(spec);
      this.#roots.push(await realpath(folder ?? dirname(spec)));
    }
    const { envFiles = [] } = this.#options;
    const variables = new Map<string, string>();
    for (const file of envFiles)
      for (const [name, value] of parseDotenv((await readSource(file)).text, variables))
        variables.set(name, value);
    if (envFiles.length > 0) this.#envFiles = variables;
  }

  /** Adds a compose file of the input. */
  async add(source: SourceText): Promise<void> {
    const folder = dirname(source.file);
    const override = DEFAULT_NAME.exec(basename(source.file));
    const isNamed = this.#named.has(source.file);
    // Files named together are merged, as with -f; in a directory, the default file and its override.
    const project = isNamed ? `named ${folder}` : override ? `default ${folder}` : undefined;
    const isOverride = !isNamed && override?.groups?.override !== undefined;
    const file = { variables: await this.#variablesOf(folder), project, isOverride };
    const base = this.files.get(source.file);
    // A file of the input counts, even if another one extends it.
    if (base?.isBase) this.files.set(source.file, { ...base, ...file, isBase: undefined });
    else await this.#addFile(source, file);
  }

  /** Adds a file and everything that it names. */
  async #addFile(source: SourceText, file: Omit<ComposeFile, 'bases'>): Promise<void> {
    if (this.files.has(source.file)) return;
    const bases = new Map<string, string>();
    this.files.set(source.file, { ...file, bases });
    for (const document of SpecDocument.parse(source)) {
      if (!(document instanceof SpecDocument)) continue;
      try {
        await this.#include(source, document, file.variables);
        await this.#extend(source, document, file, bases);
      } catch (error) {
        // The parser reports what is wrong in the document.
        if (!(error instanceof AirgapError)) throw error;
      }
    }
  }

  async #include(source: SourceText, document: SpecDocument, variables: Variables): Promise<void> {
    const folder = dirname(source.file);
    for (const { paths, envFiles } of composeIncludes(document)) {
      const project = paths.map(({ value }) => resolve(folder, value)).join('\n');
      for (const { value, position } of paths) {
        const included = await this.#readFile(folder, value, position, 'include');
        if (!included) continue;
        const own =
          envFiles.length > 0
            ? await this.#readDotenvs(envFiles.map(file => join(folder, file)))
            : await this.#dotenvOf(dirname(included.file));
        await this.#addFile(included, { variables: new Map([...own, ...variables]), project });
      }
    }
  }

  async #extend(
    source: SourceText,
    document: SpecDocument,
    { variables }: Omit<ComposeFile, 'bases'>,
    bases: Map<string, string>,
  ): Promise<void> {
    if (!isCompose(document) || document.root === null) return;
    for (const { base } of composeServices(document, variables)) {
      if (base?.file === undefined || bases.has(base.file)) continue;
      const position = document.position(document.root);
      const read = await this.#readFile(dirname(source.file), base.file, position, 'extends');
      if (!read) continue;
      bases.set(base.file, read.file);
      await this.#addFile(read, { variables, isBase: true });
    }
  }

  /** Reads a file that another one names; adds an error and returns undefined if it is not part of the input. */
  async #readFile(
    folder: string,
    name: string,
    position: Position,
    what: string,
  ): Promise<SourceText | undefined> {
    const path = join(folder, name);
    const known = this.#sources.get(resolve(path));
    if (known) return known;
    try {
      if (/^[a-z][a-z0-9+.-]*:|^git@/i.test(name)) throw new Error('files on the network are not fetched');
      this.#read += 1;
      if (this.#read > MAX_FILES) throw new Error(`more than ${MAX_FILES} files`);
      if (!(await this.#isInside(path))) throw new Error('it is outside the folder of the input');
      const source = await readSource(path);
      this.#sources.set(resolve(path), source);
      this.texts.push(source);
      return source;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.errors.push(
        new AirgapError('INPUT', `${what} ${name} not read: ${reason}`, {
          where: { position },
          hint: 'Pass the output of "docker compose config", or the folder that contains the file.',
          cause,
        }),
      );
      return undefined;
    }
  }

  async #isInside(path: string): Promise<boolean> {
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined) throw new Error('no such file');
    // Opening a FIFO would wait for a writer.
    if (!(await stat(target)).isFile()) throw new Error('not a regular file');
    return this.#roots.some(root => isInside(target, root));
  }

  async #variablesOf(folder: string): Promise<Variables> {
    const fromFiles = this.#envFiles ?? (await this.#dotenvOf(folder));
    return new Map([...fromFiles, ...Object.entries(this.#options.variables ?? {})]);
  }

  #dotenvOf(folder: string): Promise<Variables> {
    const known = this.#dotenvs.get(folder) ?? this.#readDotenvs([join(folder, '.env')]);
    this.#dotenvs.set(folder, known);
    return known;
  }

  /** Reads env files that may not exist. */
  async #readDotenvs(files: readonly string[]): Promise<Variables> {
    const before = new Map(Object.entries(this.#options.variables ?? {}));
    const variables = new Map<string, string>();
    for (const file of files) {
      const isPart = await this.#isInside(file).catch(() => false);
      const source = isPart ? await readSource(file).catch(() => undefined) : undefined;
      const parsed = parseDotenv(source?.text ?? '', new Map([...variables, ...before]));
      for (const [name, value] of parsed) variables.set(name, value);
    }
    return variables;
  }
}
