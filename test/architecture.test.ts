import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { arrowCount, circlesOf, folderOf, graphOf, sourceFiles, upwardImports } from './import-graph.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DOCUMENT = readFileSync(`${ROOT}docs/architecture.md`, 'utf8');
const CORE = 'packages/core/src';
const CLI = 'packages/cli/src';

/** Below which heading of the document the order of the folders of a package is, the lowest first. */
const PACKAGES = [
  { source: CORE, heading: 'Folders of packages/core/src' },
  { source: CLI, heading: 'Folders of packages/cli/src' },
];

describe.each(PACKAGES)('$source', ({ source, heading }) => {
  const order = rowsBelow(heading).map(([folder]) => inCode(folder));

  it('has the folders that docs/architecture.md lists', () => {
    const folders = new Set(sourceFiles(ROOT + source).map(folderOf));
    expect([...order].sort()).toEqual([...folders].sort());
  });

  it('imports downhill only, types included', () => {
    const upward = upwardImports(ROOT + source, order);
    expect(upward.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('has no circles between folders', () => {
    expect(circlesOf(graphOf(ROOT + source, folderOf))).toEqual([]);
  });
});

it('packages/cli uses nothing of core but its public API', () => {
  const inside = sourceFiles(ROOT + CLI).filter(file =>
    /from '(?:@airgap\/core\/|[./]+core\/)/.test(readFileSync(`${ROOT}${CLI}/${file}`, 'utf8')),
  );
  expect(inside).toEqual([]);
});

it('the figures of docs/architecture.md are those of the import graph', () => {
  const order = rowsBelow('Folders of packages/core/src').map(([folder]) => inCode(folder));
  const graph = graphOf(ROOT + CORE, folderOf);
  const upward = new Set(
    upwardImports(ROOT + CORE, order).map(({ from, to }) => `${folderOf(from)} ${folderOf(to)}`),
  );
  const after = rowsBelow('Figures').map(([what, , figure]) => [what, figure]);
  expect(Object.fromEntries(after)).toEqual({
    folders: String(graph.size),
    'arrows between folders': String(arrowCount(graph)),
    'arrows that run upward': String(upward.size),
    'circles between folders': String(circlesOf(graph).length),
  });
});

describe('where is …', () => {
  const rows = rowsBelow('Where is …');

  it('has at least 20 rows', () => expect(rows.length).toBeGreaterThanOrEqual(20));

  it.each(rows)('%s', (_what, place = '', functions = '') => {
    const text = readFileSync(`${ROOT}${CORE}/${inCode(place)}`, 'utf8');
    const names = [...functions.matchAll(/`(?<name>[^`]+)`/g)].map(({ groups }) => groups?.name ?? '');
    expect(names).not.toEqual([]);
    expect(names.flatMap(name => name.split('.')).filter(name => !isDeclared(text, name))).toEqual([]);
  });
});

/** Whether a source file declares a function, class, constant or method of this name. */
function isDeclared(text: string, name: string): boolean {
  const declared = RegExp(`\\b(?:function\\*?|class|const|interface|type) ${name}\\b`);
  const method = RegExp(`^ +(?:(?:static|async|get|readonly) +|\\*)*${name}(?:<[^>]*>)?\\(`, 'm');
  return declared.test(text) || method.test(text);
}

/** The cells of the first table below a heading, without its head. */
function rowsBelow(heading: string): string[][] {
  const [, section = ''] = DOCUMENT.split(`\n## ${heading}\n`);
  const [table = ''] = section.split('\n## ');
  const lines = table.split('\n').filter(line => line.startsWith('|'));
  return lines.slice(2).map(line => {
    const [, ...cells] = line.split('|').map(cell => cell.trim());
    return cells.slice(0, -1);
  });
}

/** The text between the first two backticks. */
function inCode(cell = ''): string {
  return cell.split('`')[1] ?? cell;
}
