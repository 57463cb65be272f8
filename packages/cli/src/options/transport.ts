import { Option } from '@commander-js/extra-typings';
import { repeated } from './parsers.ts';

/** The size of parts. A new option each time: one command makes it mandatory. */
export function splitOption() {
  return new Option(
    '--split <size>',
    'write parts, FILE.001 and so on: fat32, dvd, bd, cd, or a size such as 4GiB or 700MB',
  );
}

/** The size of the parts of an upload. */
export const partSizeOption = new Option(
  '--part-size <size>',
  'with s3://: upload parts of this size, at least 5MiB (default: 64MiB, more for large bundles)',
);

export const baseOption = new Option(
  '--base <bundle>',
  'bundle or OCI layout with the layers that a delta leaves out (repeatable)',
).argParser(repeated);
export const deltaFromOption = new Option(
  '--delta-from <bundle|lock>',
  'write a delta: leave out the layers that this older bundle, or the bundle of this lock, has (repeatable: that all of them have)',
).argParser(repeated);
