import { basename } from 'node:path';
import { formatBytes } from '../model/bytes.ts';
import type { Finding } from '../model/finding.ts';
import { formatPosition } from '../model/position.ts';
import {
  type BundleReport,
  distinctLayers,
  type ReportedChanges,
  type ReportedImage,
  type ReportedSignature,
} from './bundle-report.ts';
import { type Column, table } from './html-table.ts';
import { type Markup, markup } from './markup.ts';

/** How many layers are listed, the largest first. */
const MAX_LAYERS = 50;
/** How many findings are listed, the most severe first. */
const MAX_FINDINGS = 100;
/** How many images of a layer are named. */
const MAX_NAMES = 3;

const SEVERITY_ORDER = ['error', 'warning', 'info'];

/** A part of a report with its heading. */
export interface Section {
  /** The anchor. */
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
}

/** The images by name, without signatures and other referrers. */
export function imagesSection({ images }: BundleReport): Section {
  const columns: Column<ReportedImage>[] = [
    { title: 'Image', cell: ({ name, digest }) => markup`${name}<br><code>${digest}</code>` },
    { title: 'Platforms', cell: ({ platforms }) => markup`${platforms.join(', ') || '–'}` },
    { title: 'Layers', cell: ({ layers }) => markup`${layers.length}`, isNumber: true },
    { title: 'Size', cell: ({ bytes }) => markup`${formatBytes(bytes)}`, isNumber: true },
    { title: 'Unique', cell: ({ uniqueBytes }) => markup`${formatBytes(uniqueBytes)}`, isNumber: true },
  ];
  const rows = images.filter(({ subject }) => subject === undefined);
  const caption = 'Unique is the size of what no other image has.';
  return { id: 'images', title: 'Images', body: table({ columns, rows, caption }) };
}

/** The largest layers, and which images have them. */
export function layersSection(report: BundleReport): Section {
  const layers = distinctLayers(report).sort((a, b) => b.size - a.size);
  const names = imagesByLayer(report.images);
  const columns: Column<(typeof layers)[number]>[] = [
    { title: 'Layer', cell: ({ digest }) => shortDigest(digest) },
    { title: 'Size', cell: ({ size }) => markup`${formatBytes(size)}`, isNumber: true },
    { title: 'Images', cell: ({ sharedBy }) => markup`${sharedBy}`, isNumber: true },
    { title: 'In', cell: ({ digest }) => markup`${listNames(names.get(digest) ?? [])}` },
  ];
  const rows = layers.slice(0, MAX_LAYERS);
  const caption = countCaption(rows.length, layers.length, 'layer', 'the largest first');
  return { id: 'layers', title: 'Layers', body: table({ columns, rows, caption }) };
}

/** What the lint found. */
export function findingsSection(findings: readonly Finding[]): Section {
  const columns: Column<Finding>[] = [
    { title: 'Finding', cell: ({ message }) => markup`${message}` },
    { title: 'Severity', cell: ({ severity }) => markup`<span class="${severity}">${severity}</span>` },
    { title: 'Rule', cell: ({ rule }) => markup`<code class="w">${rule}</code>` },
    { title: 'Position', cell: ({ position }) => markup`<code>${formatPosition(position)}</code>` },
    { title: 'What to do', cell: ({ hint }) => markup`${hint}` },
  ];
  const order = ({ severity }: Finding) => SEVERITY_ORDER.indexOf(severity);
  const rows = findings.toSorted((a, b) => order(a) - order(b)).slice(0, MAX_FINDINGS);
  const caption = countCaption(rows.length, findings.length, 'finding', 'the most severe first');
  const body =
    findings.length === 0 ? markup`<p>The lint found nothing.</p>` : table({ columns, rows, caption });
  return { id: 'findings', title: 'Findings', body };
}

/** What a policy for signatures says about the images. */
export function policySection({ signatures }: BundleReport): Section | undefined {
  if (signatures.length === 0) return undefined;
  const columns: Column<ReportedSignature>[] = [
    { title: 'Image', cell: ({ image }) => markup`${image}` },
    {
      title: 'Signature',
      cell: ({ state, message }) =>
        markup`<span class="${state === 'signed' ? 'added' : 'removed'}">${message}</span>`,
    },
    { title: 'Key', cell: ({ key }) => markup`<code>${basename(key)}</code>` },
    { title: 'Required', cell: ({ required }) => markup`${required ? 'yes' : 'no'}` },
  ];
  const signed = signatures.filter(({ state }) => state === 'signed').length;
  const caption = `${signed} of ${signatures.length} are signed by the key of the policy.`;
  const body = table({ columns, rows: signatures, caption });
  return { id: 'policy', title: 'Signature policy', body };
}

/** Signatures, SBOMs and other artifacts that refer to images of the bundle. */
export function referrersSection({ images, signatures }: BundleReport): Section | undefined {
  const rows = images.filter(({ subject }) => subject !== undefined);
  if (rows.length === 0) return undefined;
  const names = new Map(images.map(({ digest, name }) => [digest, name]));
  const columns: Column<ReportedImage>[] = [
    { title: 'Artifact', cell: ({ name }) => markup`<code>${name}</code>` },
    { title: 'Refers to', cell: ({ subject = '' }) => markup`${names.get(subject) ?? subject}` },
    { title: 'Size', cell: ({ bytes }) => markup`${formatBytes(bytes)}`, isNumber: true },
  ];
  const unchecked = signatures.length === 0 ? ' This report does not check signatures.' : '';
  const caption = `Carried along with the images.${unchecked}`;
  const body = table({ columns, rows, caption });
  return { id: 'signatures', title: 'Signatures and other artifacts', body };
}

interface ChangeRow {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** What the receiver of the older bundle lacks, in bytes. */
  readonly newBytes: number;
}

/** What has changed since an older bundle. */
export function changesSection(changes: ReportedChanges): Section {
  const columns: Column<ChangeRow>[] = [
    { title: 'Image', cell: ({ name }) => markup`${name}` },
    { title: 'Change', cell: ({ kind }) => markup`<span class="${kind}">${kind}</span>` },
    {
      title: 'New bytes',
      cell: ({ kind, newBytes }) => markup`${kind === 'removed' ? '–' : formatBytes(newBytes)}`,
      isNumber: true,
    },
    { title: 'Before', cell: ({ before }) => shortDigest(before) },
    { title: 'After', cell: ({ after }) => shortDigest(after) },
  ];
  const rows = changeRows(changes);
  const { onlyNew, onlyOld, shared, unchanged, old } = changes;
  const caption = `Unchanged names: ${unchanged}.`;
  const totals = markup`<p>Since <code>${basename(old.path)}</code>: ${formatBytes(onlyNew.bytes)} are new, ${formatBytes(onlyOld.bytes)} are gone, ${formatBytes(shared.bytes)} are the same.</p>`;
  const body = rows.length === 0 ? markup`` : table({ columns, rows, caption });
  return { id: 'changes', title: 'Changes', body: markup`${totals}${body}` };
}

function changeRows({ added, removed, changed }: ReportedChanges): ChangeRow[] {
  return [
    ...changed.map(({ name, oldDigest, newDigest, newBytes }): ChangeRow => {
      return { kind: 'changed', name, before: oldDigest, after: newDigest, newBytes };
    }),
    ...added.map(({ name, digest, newBytes }): ChangeRow => {
      return { kind: 'added', name, before: '', after: digest, newBytes };
    }),
    ...removed.map(({ name, digest }): ChangeRow => {
      return { kind: 'removed', name, before: digest, after: '', newBytes: 0 };
    }),
  ];
}

function imagesByLayer(images: readonly ReportedImage[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { name, layers } of images)
    for (const { digest } of layers) names.set(digest, [...(names.get(digest) ?? []), name]);
  return names;
}

function listNames(names: readonly string[]): string {
  const listed = names.slice(0, MAX_NAMES).join(', ');
  return names.length > MAX_NAMES ? `${listed} and ${names.length - MAX_NAMES} more` : listed;
}

function countCaption(shown: number, total: number, noun: string, order: string): string {
  const all = `${total} ${noun}${total === 1 ? '' : 's'}, ${order}.`;
  return shown < total ? `${shown} of ${all}` : all;
}

/** The algorithm and twelve hex digits, in one line. */
function shortDigest(digest: string): Markup {
  return digest === '' ? markup`–` : markup`<code class="w">${digest.slice(0, 19)}</code>`;
}
