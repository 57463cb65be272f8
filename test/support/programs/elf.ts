import { readFileSync } from 'node:fs';

/** The type of a program header that names a dynamic loader, `PT_INTERP`. */
const INTERPRETER = 3;
const HEADER = { offset: 32, size: 54, count: 56 };

/** Whether a program runs without shared libraries: a 64-bit ELF file that names no dynamic loader. */
export function isStatic(path: string): boolean {
  const file = readFileSync(path);
  if (file.toString('latin1', 0, 5) !== '\x7fELF\x02') return false;
  const offset = Number(file.readBigUInt64LE(HEADER.offset));
  const size = file.readUInt16LE(HEADER.size);
  const count = file.readUInt16LE(HEADER.count);
  const types = Array.from({ length: count }, (_, at) => file.readUInt32LE(offset + at * size));
  return !types.includes(INTERPRETER);
}
