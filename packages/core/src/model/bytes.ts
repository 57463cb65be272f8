const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Formats a number of bytes in decimal units: `2.4 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** What a unit is, in bytes. */
const FACTORS: Readonly<Record<string, number>> = {
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

/** Parses a size such as `4GiB` or `1.5 GB`. @returns bytes; undefined for anything else */
export function parseBytes(text: string): number | undefined {
  const groups = /^(?<number>\d{1,15}(?:\.\d{1,9})?) ?(?<unit>[A-Za-z]{0,3})$/.exec(text)?.groups;
  const unit = groups?.unit?.toUpperCase() ?? '';
  if (groups === undefined || !Object.hasOwn(FACTORS, unit)) return undefined;
  return Number(groups.number) * (FACTORS[unit] ?? 1);
}
