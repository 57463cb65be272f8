import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** One import of a file, types and worker threads included. Paths start at the source folder. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

/** What imports what: names of files or folders, and the names that each of them imports. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

const SPECIFIER = /(?:\bfrom|\bimport|new URL\()\s*\(?\s*'(?<path>\.[^']*\.[jt]s)'/g;

/** Names of the source files below a folder, tests excluded. */
export function sourceFiles(root: string): string[] {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return names.filter(name => /\.[jt]s$/.test(name) && !name.endsWith('.test.ts')).sort();
}

/** Every import between the source files below a folder. @throws Error for an import of a file that does not exist */
export function importsOf(root: string): Import[] {
  const files = sourceFiles(root);
  const known = new Set(files);
  return files.flatMap(from => {
    const text = readFileSync(join(root, from), 'utf8');
    return [...text.matchAll(SPECIFIER)].map(({ groups }) => {
      const to = posix.join(dirname(from), groups?.path ?? '');
      if (!known.has(to)) throw new Error(`${from} imports ${to}, which does not exist`);
      return { from, to };
    });
  });
}

/** The folder of a source file; a file in the source folder itself counts alone. */
export function folderOf(file: string): string {
  const folder = dirname(file);
  return folder === '.' ? file : folder;
}

/** The graph of the folders, or whatever else `nameOf` makes of a file. Imports within one node are left out. */
export function graphOf(root: string, nameOf: (file: string) => string): Graph {
  const graph = new Map(sourceFiles(root).map(file => [nameOf(file), new Set<string>()]));
  for (const { from, to } of importsOf(root)) {
    if (nameOf(from) !== nameOf(to)) graph.get(nameOf(from))?.add(nameOf(to));
  }
  return graph;
}

/** How many arrows a graph has. */
export function arrowCount(graph: Graph): number {
  return [...graph.values()].reduce((sum, { size }) => sum + size, 0);
}

/** Groups of two or more nodes that all reach each other. */
export function circlesOf(graph: Graph): string[][] {
  const reachable = new Map([...graph.keys()].map(name => [name, reach(graph, name)]));
  const circles = new Map<string, string[]>();
  for (const [name, others] of reachable) {
    const circle = [...others].filter(other => reachable.get(other)?.has(name)).sort();
    const [first] = circle;
    if (first !== undefined) circles.set(first, circle);
  }
  return [...circles.values()];
}

function reach(graph: Graph, start: string): Set<string> {
  const reached = new Set<string>();
  const open = [...(graph.get(start) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    open.push(...(graph.get(next) ?? []));
  }
  return reached;
}

/** The imports that run upward in an order of folders, which has the lowest one first. */
export function upwardImports(root: string, order: readonly string[]): Import[] {
  const level = (file: string) => order.indexOf(folderOf(file));
  return importsOf(root).filter(({ from, to }) => level(from) < level(to));
}
