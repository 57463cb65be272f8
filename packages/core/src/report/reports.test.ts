import { Enums, Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../model/finding.ts';
import {
  type BundleReport,
  distinctLayers,
  type ReportedImage,
  type ReportedLayer,
} from './bundle-report.ts';
import { cycloneDx } from './cyclonedx.ts';
import { htmlPage } from './html.ts';
import { markup } from './markup.ts';
import { packageUrl } from './package-url.ts';
import { spdx } from './spdx.ts';

const digest = (number: number) => `sha256:${number.toString(16).padStart(64, '0')}`;
const layer = (number: number, size: number, sharedBy = 1): ReportedLayer => ({
  digest: digest(number),
  size,
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  sharedBy,
});

function image(name: string, number: number, layers: readonly ReportedLayer[], more = {}): ReportedImage {
  return {
    name,
    digest: digest(number),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    platforms: ['linux/amd64'],
    layers,
    bytes: 1000,
    uniqueBytes: 500,
    ...more,
  };
}

function reportOf(images: readonly ReportedImage[], more: Partial<BundleReport> = {}): BundleReport {
  const totals = { blobs: 7, blobBytes: 2000, sharedBytes: 300, size: 4000 };
  return { contents: digest(0xabcdef), images, signatures: [], ...totals, ...more };
}

const base = layer(1, 800, 2);
const images = [
  image('docker.io/library/redis:7.0', 101, [base, layer(2, 200)]),
  image('quay.io/team/app:1', 102, [base, layer(3, 100)]),
  image('quay.io/team/app-again:1', 102, [base, layer(3, 100)]),
  image(`quay.io/team/app:sha256-${digest(102).slice(7)}.sig`, 103, [layer(4, 10)], {
    subject: digest(102),
    platforms: [],
  }),
  image(digest(104), 104, []),
];
const report = reportOf(images);

describe('CycloneDX', () => {
  const validate = (text: string) =>
    new Validation.JsonStrictValidator(Spec.Spec1dot6.version).validate(text);

  it('is valid against the official schema', async () => {
    expect(await validate(JSON.stringify(cycloneDx(report)))).toBeNull();
    expect(await validate(JSON.stringify(cycloneDx(reportOf([]))))).toBeNull();
    // The validator finds mistakes.
    expect(await validate(JSON.stringify({ ...cycloneDx(report), serialNumber: 'x' }))).not.toBeNull();
  });

  test.prop([fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.nat(5)), { maxLength: 12 })], {
    numRuns: 3,
  })('is valid for any names', async list => {
    const hostile = list.map(([name, number]) => image(name, number, [layer(number, number)]));
    expect(await validate(JSON.stringify(cycloneDx(reportOf(hostile))))).toBeNull();
  });

  it('says which image needs which layer, and each component once', () => {
    const { components, dependencies } = cycloneDx(report);
    const refs = components.map(component => component['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(refs).toHaveLength(images.length + distinctLayers(report).length);
    const needs = (ref: string) => dependencies.find(dependency => dependency.ref === ref)?.dependsOn;
    expect(needs(`image:docker.io/library/redis:7.0@${digest(101)}`)).toEqual([digest(1), digest(2)]);
    const signature = needs(`image:quay.io/team/app:sha256-${digest(102).slice(7)}.sig@${digest(103)}`);
    expect(signature).toEqual([
      `image:quay.io/team/app:1@${digest(102)}`,
      `image:quay.io/team/app-again:1@${digest(102)}`,
      digest(4),
    ]);
    const known = new Set(['bundle', ...refs]);
    expect(
      dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]).filter(ref => !known.has(ref)),
    ).toEqual([]);
    expect(components[0]?.type).toBe(Enums.ComponentType.Container);
  });

  it('has a version 8 UUID of the contents', () =>
    expect(cycloneDx(report).serialNumber).toBe('urn:uuid:00000000-0000-8000-8000-000000000000'));
});

it('SPDX contains every image and layer, and relates only what it contains', () => {
  const { packages, relationships } = spdx(report);
  const ids = (packages as { SPDXID: string }[]).map(({ SPDXID }) => SPDXID);
  expect(new Set(ids).size).toBe(1 + images.length + distinctLayers(report).length);
  const known = new Set(['SPDXRef-DOCUMENT', ...ids]);
  for (const { spdxElementId, relatedSpdxElement } of relationships)
    expect([known.has(spdxElementId), known.has(relatedSpdxElement)]).toEqual([true, true]);
  for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
});

it.each([
  ['redis', `pkg:oci/redis@sha256%3A${'0'.repeat(62)}65?repository_url=docker.io%2Flibrary%2Fredis`],
  [
    'host:5000/team/app:1',
    `pkg:oci/app@sha256%3A${'0'.repeat(62)}65?repository_url=host%3A5000%2Fteam%2Fapp&tag=1`,
  ],
  ['not a name', undefined],
])('the package URL of %s', (name, url) => expect(packageUrl(name, digest(101))).toBe(url));

describe('the HTML page', () => {
  const finding: Finding = {
    rule: 'latest-tag',
    severity: 'error',
    message: '<script>alert(1)</script>',
    hint: 'Use a tag.',
    position: { file: '"><img src=x onerror=alert(2)>.yaml', line: 1, column: 2 },
  };
  const hostile = ['</title><script>alert(3)</script>', '\'"><svg onload=alert(4)>', '\u202egnp.exe\u0007'];

  /** The tags of a page with their attributes. */
  const tagsOf = (page: string) => page.match(/<[a-z!/][^>]*>/gi) ?? [];

  it('escapes names, findings and the title', () => {
    const page = htmlPage(
      hostile[0] ?? '',
      reportOf(
        hostile.map((name, at) => image(name, 200 + at, [layer(300 + at, 1e6)], { platforms: [name] })),
        { findings: [finding] },
      ),
    );
    expect(tagsOf(page).filter(tag => /^<(?:script|img|a on)|\son\w+=|javascript:/i.test(tag))).toEqual([]);
    expect(page).toContain('&lt;script&gt;alert(1)');
    expect(page).toContain('\\u{202e}gnp.exe\\u{7}');
    expect(page).not.toMatch(/[^\P{C}\n]/u);
  });

  it('masks secrets', () => expect(htmlPage('https://me:hunter2@host/', report)).not.toContain('hunter2'));

  it('has no scripts, and a policy that forbids them', () => {
    const page = htmlPage('bundle.tar', report);
    expect(page).not.toMatch(/<script|\son\w+=/i);
    expect(page).toContain(`default-src &#39;none&#39;`);
    expect(page).not.toMatch(/(?:src|href)="(?!#|data:,)/);
  });

  it('has balanced tags and unique ids', () => {
    const page = htmlPage('bundle.tar', reportOf(images, { findings: [finding] }));
    const open: string[] = [];
    for (const tag of tagsOf(page)) {
      const name = /^<\/?([a-z0-9!]+)/i.exec(tag)?.[1] ?? '';
      if (['!doctype', 'meta', 'link', 'br'].includes(name) || tag.endsWith('/>')) continue;
      if (tag.startsWith('</')) expect(open.pop()).toBe(name);
      else open.push(name);
    }
    expect(open).toEqual([]);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets.filter(id => !ids.includes(id))).toEqual([]);
  });

  it('lists an artifact apart from the images', () => {
    const page = htmlPage('bundle.tar', report);
    const [before = '', after = ''] = page.split('id="signatures"');
    expect(before.split('id="images"')[1]).not.toMatch(/<th scope="row">[^<]*\.sig<br>/);
    expect(after).toContain('.sig');
  });

  it('shows what the policy for signatures says about each image', () => {
    const policy = { key: '/keys/<vendor>.pub', required: true };
    const page = htmlPage(
      'bundle.tar',
      reportOf(images, {
        signatures: [
          { image: 'quay.io/team/app:1', state: 'signed', message: 'signed by the key', ...policy },
          { image: 'docker.io/library/redis:7.0', state: 'other', message: 'by another key', ...policy },
        ],
      }),
    );
    const [, section = ''] = page.split('id="policy"');
    expect(section).toContain('1 of 2 are signed');
    expect(section).toContain('<span class="removed">by another key</span>');
    expect(section).toContain('&lt;vendor&gt;.pub');
    expect(page).not.toContain('does not check signatures');
  });

  it('draws each layer once, in proportion to its size', () => {
    const page = htmlPage('bundle.tar', report);
    const rects = [...page.matchAll(/class="(?:u|s\d)" x="\d+" y="\d+" width="(\d+)" height="(\d+)"/g)];
    const areas = rects.map(([, width, height]) => Number(width) * Number(height)).sort((a, b) => b - a);
    expect(areas).toHaveLength(4);
    expect((areas[0] ?? 0) / (areas[1] ?? 1)).toBeGreaterThan(3);
    expect((areas[0] ?? 0) / (areas[1] ?? 1)).toBeLessThan(5);
  });

  it('says that a bundle has no layers', () =>
    expect(htmlPage('empty.tar', reportOf([]))).toContain('The bundle has no layers.'));

  it('of 200 images with long names has less than 200 kB', () => {
    const shared = Array.from({ length: 12 }, (_, at) => layer(at, 1e7 * (at + 1), 33));
    const many = Array.from({ length: 200 }, (_, at) => {
      const own = Array.from({ length: 10 }, (_, k) =>
        layer(1000 + at * 10 + k, 1e5 * (1 + ((at * 7 + k) % 50))),
      );
      const name = `registry.example.com/company-product/component-${at}-of-the-platform:2.14.${at}-release`;
      return image(name, 5000 + at, [...shared.slice(at % 6, (at % 6) + 4), ...own]);
    });
    const findings = many.map(({ name }) => ({ ...finding, message: `${name} has the tag latest` }));
    expect(htmlPage('bundle.tar', reportOf(many)).length).toBeLessThan(200_000);
    expect(htmlPage('bundle.tar', reportOf(many, { findings })).length).toBeLessThan(200_000);
  });
});

test.prop([fc.string({ unit: 'binary' })])('markup never lets a text end a tag or an attribute', text => {
  const { text: result } = markup`<a title="${text}">${text}</a>`;
  expect(result.match(/[<>"]/g)).toHaveLength(6);
});
