const UNITS: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
  ['KIB', 2 ** 10],
  ['MIB', 2 ** 20],
  ['GIB', 2 ** 30],
  ['TIB', 2 ** 40],
]);

/** Parses a size as docker and ctr print it, `77.8MB` or `1.2MiB`. @returns bytes; 0 for any other text */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text);
  const factor = UNITS.get(match?.[2]?.toUpperCase() ?? '');
  return factor === undefined ? 0 : Math.round(Number(match?.[1]) * factor);
}
