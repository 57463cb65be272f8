import { formatBytes } from '../model/bytes.ts';
import type { BundleReport } from './bundle-report.ts';
import { Markup, markup } from './markup.ts';
import {
  changesSection,
  findingsSection,
  imagesSection,
  layersSection,
  policySection,
  referrersSection,
  type Section,
} from './sections.ts';
import { STYLE } from './style.ts';
import { layerTreemap } from './treemap.ts';

/** Nothing is loaded or run: a reviewer may open the page anywhere. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const LEGEND = [
  ['u', 'in one image'],
  ['s0', 'in 2 images'],
  ['s1', 'in 3 to 5'],
  ['s2', 'in 6 or more'],
] as const;

/**
 * Renders one HTML page without scripts. It has no time: the same report gives the same page.
 *
 * @param title what the page is about, usually the file name of the bundle
 */
export function htmlPage(title: string, report: BundleReport): string {
  const { findings, changes } = report;
  const sections = [
    mapSection(report),
    ...(changes ? [changesSection(changes)] : []),
    ...(findings ? [findingsSection(findings)] : []),
    imagesSection(report),
    layersSection(report),
    ...[policySection(report), referrersSection(report)].flatMap(section => section ?? []),
  ];
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}: bundle report</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<a class="skip" href="#images">Skip to the images</a>
<header>
<h1>${title}</h1>
<p class="faint">Contents <code>${report.contents}</code></p>
${totals(report)}
<nav aria-label="Sections"><ul>${sections.map(navigationItem)}</ul></nav>
</header>
<main>
${sections.map(renderSection)}
</main>
<footer>Written by airgap from the manifests of the bundle.</footer>
</body>
</html>
`.text;
}

function totals({ images, blobs, blobBytes, sharedBytes, size, findings }: BundleReport): Markup {
  const listed = images.filter(({ subject }) => subject === undefined).length;
  const values: [string, string | number][] = [
    ['Images', listed],
    ['Blobs', blobs],
    ['Content', formatBytes(blobBytes)],
    ['Saved by sharing', formatBytes(sharedBytes)],
    ['File', formatBytes(size)],
  ];
  if (findings) values.push(['Findings', findings.length]);
  const items = values.map(([term, value]) => markup`<div><dt>${term}</dt><dd>${value}</dd></div>`);
  return markup`<dl class="totals">${items}</dl>`;
}

function mapSection({ images }: BundleReport): Section {
  const legend = LEGEND.map(
    ([name, words]) =>
      markup`<li><svg viewBox="0 0 1 1" aria-hidden="true"><rect class="${name}" width="1" height="1"/></svg>${words}</li>`,
  );
  const hasLayers = images.some(({ layers }) => layers.some(({ size }) => size > 0));
  const body = hasLayers
    ? markup`<p>Each rectangle is a layer, in proportion to its size. A layer is stored once, however many images have it.</p>
<figure>${layerTreemap(images)}<figcaption><ul class="legend">${legend}</ul></figcaption></figure>`
    : markup`<p>The bundle has no layers.</p>`;
  return { id: 'map', title: 'What shares what', body };
}

function navigationItem({ id, title }: Section): Markup {
  return markup`<li><a href="#${id}">${title}</a></li>`;
}

function renderSection({ id, title, body }: Section): Markup {
  return markup`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${body}
</section>
`;
}
