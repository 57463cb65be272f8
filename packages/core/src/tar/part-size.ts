import { formatBytes, parseBytes } from '../model/bytes.ts';
import { AirgapError } from '../model/errors.ts';
import { BLOCK } from './header.ts';

/** The sizes of parts for common media, in bytes. */
const MEDIA: Readonly<Record<string, number>> = {
  cd: 734_003_200,
  // The largest file of FAT32 is one byte shorter than 4 GiB; ISO 9660 on a DVD has the same limit.
  dvd: 4_294_966_784,
  fat32: 4_294_966_784,
  bd: 25_025_314_816,
};

/** The smallest part, in bytes. */
const MIN_SIZE = 1024 ** 2;

/**
 * Parses the size of the parts of a bundle: `fat32`, `dvd`, `bd`, `cd`, or a size such as `4GiB` or `700MB`. It is
 * rounded down to full tar blocks, so that no header lies in two parts.
 *
 * @returns bytes
 * @throws AirgapError `USAGE`
 */
export function parsePartSize(text: string): number {
  const medium = Object.hasOwn(MEDIA, text.toLowerCase()) ? MEDIA[text.toLowerCase()] : undefined;
  const size = medium ?? parseBytes(text);
  if (size === undefined)
    throw new AirgapError('USAGE', `invalid part size: ${JSON.stringify(text)}`, {
      hint: 'Use fat32, dvd, bd, cd, or a size such as 4GiB or 700MB.',
    });
  const rounded = Math.floor(size / BLOCK) * BLOCK;
  if (rounded < MIN_SIZE || !Number.isSafeInteger(rounded))
    throw new AirgapError('USAGE', `part size out of range: ${JSON.stringify(text)}`, {
      hint: `Use at least ${formatBytes(MIN_SIZE)}.`,
    });
  return rounded;
}
