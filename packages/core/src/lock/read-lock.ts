import { z } from 'zod';
import { ConfigDocument, MAX_MESSAGE } from '../config/config-document.ts';
import { fileReadError } from '../fs/file-read-error.ts';
import { readSource, type SourceText } from '../input/model/source-text.ts';
import { AirgapError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { isDigest, parseDigest } from '../oci/digest.ts';
import { type PlatformChoice, parsePlatform } from '../oci/platform.ts';
import { cosignSubject } from '../oci/referrer.ts';
import { Reference } from '../reference/reference.ts';
import type { LockedReferrer, PlacedImage, ReadLock } from './lock.ts';

/** Errors that are reported for one file. */
const MAX_ERRORS = 100;
const HINT = 'Correct the line, or run airgap lock --update to write the lock again.';

const digest = z
  .string({ error: 'must be a digest' })
  .refine(isDigest, { error: 'must be "sha256:" followed by 64 lower-case hex digits' });
const referrer = z.string({ error: 'must be a digest, or TAG@DIGEST' }).refine(isReferrer, {
  error: 'must be a digest, or the tag of a cosign signature and its digest: sha256-HEX.sig@sha256:HEX',
});
const image = z.strictObject(
  {
    image: z.string({ error: 'must be an image name' }),
    digest,
    platforms: z.array(z.string(), { error: 'must be a list of platforms' }).min(1).optional(),
    referrers: z.array(referrer, { error: 'must be a list of digests' }).optional(),
  },
  { error: 'must be a mapping with image: and digest:' },
);
/** All values are text: the document has no schema. */
const lockSchema = z.strictObject({
  lockVersion: z.literal('1', { error: 'must be 1; a newer lock needs a newer airgap' }),
  platforms: z.array(z.string(), { error: 'must be a list of platforms' }).min(1),
  referrers: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
  images: z.array(image, { error: 'must be a list of images' }).default([]),
});

/** Reads a lock from a file. @throws AirgapError `INPUT` with all errors and their positions */
export async function readLock(path: string): Promise<ReadLock> {
  const source = await readSource(path).catch(error => {
    if (!(error instanceof AirgapError) || error.cause === undefined) throw error;
    throw fileReadError('the lock', path, error.cause, 'Run airgap lock with the same inputs first.');
  });
  return parseLock(source);
}

/**
 * Parses a lock.
 *
 * @throws AirgapError `INPUT` with all errors and their positions: invalid digests and names, duplicates
 */
export function parseLock(source: SourceText): ReadLock {
  const document = new ConfigDocument(source);
  const result = lockSchema.safeParse(document.contents());
  if (!result.success) {
    const errors = result.error.issues.slice(0, MAX_ERRORS).map(issue => schemaError(document, issue));
    throw AirgapError.all(errors, `${errors.length} errors in ${source.file}`);
  }
  const errors: AirgapError[] = [];
  const collect = <T>(position: Position, parse: () => T): T[] => {
    try {
      return [parse()];
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      const where = { position: error.where.position ?? position };
      errors.push(new AirgapError('INPUT', error.message, { where, hint: error.hint ?? HINT }));
      return [];
    }
  };
  const { platforms, referrers, images } = result.data;
  const platformsAt = document.valuePosition(['platforms']);
  const seen = new Map<string, Position>();
  const parsed = {
    file: source.file,
    platforms: collect(platformsAt, () => parsePlatforms(platforms))[0] ?? [],
    referrers: referrers === 'true',
    images: images.flatMap((entry, index) => {
      const position = document.valuePosition(['images', index, 'image']);
      const digestPosition = document.valuePosition(['images', index, 'digest']);
      const platformsPosition = document.valuePosition(['images', index, 'platforms']);
      const own = entry.platforms;
      const platforms = own && collect(platformsPosition, () => parsePlatforms(own))[0];
      return collect(position, () => ({
        ...parseImage(entry, { position, digestPosition }, seen),
        ...(platforms ? { platforms } : {}),
      }));
    }),
  };
  if (errors.length > 0)
    throw AirgapError.all(errors.slice(0, MAX_ERRORS), `${errors.length} errors in ${source.file}`);
  return parsed;
}

function parseImage(
  entry: z.infer<typeof image>,
  place: Pick<PlacedImage, 'position' | 'digestPosition'>,
  seen: Map<string, Position>,
): PlacedImage {
  const reference = Reference.parse(entry.image).canonical();
  const name = reference.toString();
  const locked = parseDigest(entry.digest);
  const before = seen.get(name);
  if (before) throw invalid(`duplicate image ${name}: it is also in line ${before.line}`);
  seen.set(name, place.position);
  if (reference.digest !== undefined && reference.digest !== locked)
    throw invalid(`${name} is locked to another digest, ${locked}`, place.digestPosition);
  const referrers = (entry.referrers ?? []).map(parseReferrer);
  return { reference, digest: locked, referrers, ...place };
}

function parsePlatforms(names: readonly string[]): PlatformChoice {
  if (!names.includes('all')) return names.map(parsePlatform);
  if (names.length > 1) throw invalid('"all" must be the only platform');
  return 'all';
}

function isReferrer(text: string): boolean {
  const { tag, digest } = splitReferrer(text);
  return isDigest(digest) && (tag === undefined || cosignSubject(`:${tag}`) !== undefined);
}

function parseReferrer(text: string): LockedReferrer {
  const { tag, digest } = splitReferrer(text);
  return { tag, digest: parseDigest(digest) };
}

function splitReferrer(text: string): { tag: string | undefined; digest: string } {
  const at = text.indexOf('@');
  return at < 0 ? { tag: undefined, digest: text } : { tag: text.slice(0, at), digest: text.slice(at + 1) };
}

function schemaError(document: ConfigDocument, issue: z.core.$ZodIssue): AirgapError {
  const path = issue.path.join('.') || 'not a lock';
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    return invalid(`${path}: unknown key: ${key}`, document.keyPositions(issue.path)(key));
  }
  return invalid(`${path}: ${issue.message}`, document.valuePosition(issue.path));
}

function invalid(message: string, position?: Position): AirgapError {
  const where = position ? { position } : {};
  return new AirgapError('INPUT', message.slice(0, MAX_MESSAGE), { where, hint: HINT });
}
