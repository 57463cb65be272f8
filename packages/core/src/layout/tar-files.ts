import { AirgapError } from '../model/errors.ts';
import { withoutTrailing } from '../model/without-trailing.ts';
import { BufferedAccess } from '../store/buffered-access.ts';
import { isRemote, type RandomAccess, slice } from '../store/random-access.ts';
import { walkExtendedTar } from '../tar/extended-walk.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import { RECIPE } from './delta-recipe.ts';
import { blobDigest, DOCUMENTS } from './documents.ts';
import type { LayoutFiles, LayoutForm } from './layout-files.ts';
import { unexpectedReason } from './unexpected-entry.ts';

/** The limit of entries in a tar: far more than the largest bundle has. */
const MAX_ENTRIES = 200_000;

/** The directories of a layout, which archives of other tools list. */
const DIRECTORIES = new Set(['', 'blobs', 'blobs/sha256']);

/** The entries of a tar that hold files of a layout, and whether a build could have written the tar. */
export interface TarContents {
  readonly form: LayoutForm;
  /** By name, without a leading `./`. */
  readonly entries: ReadonlyMap<string, PlacedEntry>;
}

/** The files of an OCI layout in a tar: a bundle, or an archive of skopeo, buildx, docker, podman or tar. */
export class TarFiles implements LayoutFiles {
  readonly form: LayoutForm;
  readonly entries: ReadonlyMap<string, PlacedEntry>;
  readonly #tar: RandomAccess;

  constructor(tar: RandomAccess, { form, entries }: TarContents) {
    this.form = form;
    this.entries = entries;
    this.#tar = tar;
  }

  /** Lists the entries. @throws AirgapError `BUNDLE` when it is not a tar, or has an unexpected entry */
  static async open(tar: RandomAccess): Promise<TarFiles> {
    const reader = new ContentsReader();
    let problem: string | undefined;
    for await (const entry of walkExtendedTar(isRemote(tar) ? tar : new BufferedAccess(tar))) {
      const unexpected = reader.add(entry);
      if (unexpected) problem ??= `${unexpected}: ${entry.name} (at byte ${entry.headerOffset})`;
    }
    const contents = reader.contents();
    if (!contents.entries.has('index.json')) throw notLayout(tar, contents);
    if (problem !== undefined) throw invalid(tar, problem);
    return new TarFiles(tar, contents);
  }

  /**
   * Lists the blobs of a tar that may be damaged or truncated, up to where it cannot be read. Their bytes must be verified.
   *
   * @param onDamage receives why the rest is left out
   */
  static async openReadable(tar: RandomAccess, onDamage: (reason: AirgapError) => void): Promise<TarFiles> {
    const entries = new Map<string, PlacedEntry>();
    try {
      for await (const entry of walkExtendedTar(tar)) {
        const name = layoutName(entry.name);
        if (blobDigest(name) && !unexpectedReason(name, entry, entries))
          entries.set(name, { ...entry, name });
      }
    } catch (error) {
      if (!(error instanceof AirgapError) || entries.size === 0) throw error;
      onDamage(error);
    }
    return new TarFiles(tar, { form: 'archive', entries });
  }

  get location(): string {
    return this.#tar.location;
  }

  get size(): number {
    return this.#tar.size;
  }

  async open({ offset, size }: PlacedEntry): Promise<RandomAccess> {
    return slice(this.#tar, { start: offset, end: offset + size });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tar[Symbol.asyncDispose]();
  }
}

/**
 * The name of a tar entry as a path in the layout: without `.` and empty elements, which other tools write. Names with
 * `..` and absolute ones stay as they are, and are unexpected.
 */
export function layoutName(entry: string): string {
  return entry.replace(/^(?:\.\/+)+/, '').replace(/\/(?:\.?\/)+/g, '/');
}

function directoryName(name: string): string {
  const directory = withoutTrailing(name, '/');
  return directory === '.' ? '' : directory;
}

/** Collects the entries of a tar that belong to a layout. */
export class ContentsReader {
  readonly #entries = new Map<string, PlacedEntry>();
  #isPlain = true;
  #count = 0;

  /** Adds an entry. @returns why it is unexpected; it is then left out @throws AirgapError `BUNDLE` for too many */
  add(entry: PlacedEntry): string | undefined {
    this.#count += 1;
    if (this.#count > MAX_ENTRIES) throw tooManyEntries();
    const name = layoutName(entry.name);
    if (name !== entry.name || entry.isExtended) this.#isPlain = false;
    if (entry.type === '5' && DIRECTORIES.has(directoryName(name))) {
      this.#isPlain = false;
      return undefined;
    }
    const unexpected = unexpectedReason(name, entry, this.#entries);
    if (!unexpected) this.#entries.set(name, { ...entry, name });
    return unexpected;
  }

  /** A tar with all documents, and without directories, is a bundle or a delta: no other tool writes such tars. */
  contents(): TarContents {
    const isBundle = this.#isPlain && DOCUMENTS.every(name => this.#entries.has(name));
    const built = this.#entries.has(RECIPE) ? 'delta' : 'bundle';
    return { form: isBundle ? built : 'archive', entries: this.#entries };
  }
}

function tooManyEntries(): AirgapError {
  return new AirgapError('BUNDLE', `more than ${MAX_ENTRIES} entries`, {
    hint: 'Split the bundle by its images, or fetch it again.',
  });
}

function invalid(tar: RandomAccess, reason: string): AirgapError {
  return new AirgapError('BUNDLE', `invalid or incomplete bundle: ${reason}`, {
    where: { path: tar.location },
    hint: 'Fetch the bundle again, or rebuild it.',
  });
}

function notLayout(tar: RandomAccess, { entries }: TarContents): AirgapError {
  if (!entries.has('manifest.json')) return invalid(tar, 'index.json is missing');
  return new AirgapError('BUNDLE', 'not an OCI layout: a docker archive', {
    where: { path: tar.location },
    hint: 'Build from it with --from docker-archive:FILE, convert it with skopeo copy docker-archive:FILE oci-archive:NEW, or save it with docker 25 or later.',
  });
}
