import { formatBytes } from '../model/bytes.ts';
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

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  K: 1024,
  KIB: 1024,
  KB: 1000,
  M: 1024 ** 2,
  MIB: 1024 ** 2,
  MB: 1000 ** 2,
  G: 1024 ** 3,
  GIB: 1024 ** 3,
  GB: 1000 ** 3,
  T: 1024 ** 4,
  TIB: 1024 ** 4,
  TB: 1000 ** 4,
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
  const size = medium ?? parseSize(text);
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

function parseSize(text: string): number | undefined {
  const groups = /^(?<number>\d{1,15}(?:\.\d{1,9})?) ?(?<unit>[A-Za-z]{0,3})$/.exec(text)?.groups;
  const unit = groups?.unit?.toUpperCase() ?? '';
  if (groups === undefined || !Object.hasOwn(UNITS, unit)) return undefined;
  return Number(groups.number) * (UNITS[unit] ?? 1);
}
