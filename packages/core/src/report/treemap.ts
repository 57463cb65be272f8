import { type HierarchyRectangularNode, hierarchy, treemap } from 'd3-hierarchy';
import { formatBytes } from '../model/bytes.ts';
import { distinctLayers, type ReportedImage, type ReportedLayer } from './bundle-report.ts';
import { type Markup, markup } from './markup.ts';

/** In units of the drawing, which is scaled to the page. */
const WIDTH = 1200;
const HEIGHT = 620;
/** The height of the label of a group. */
const LABEL = 20;
/** The width of a character of a layer's label. */
const CHARACTER = 6.4;
/** The width of a character of a group's label, which is bold. */
const BOLD_CHARACTER = 7.5;
/** The largest layers get a rectangle of their own; a page with thousands would be slow and large. */
const MAX_LAYERS = 150;
/** How many images the tooltip of a shared layer names. */
const MAX_NAMES = 4;
/** The lowest number of images for each shade of a shared layer. */
const SHADES = [2, 3, 6];

/** A rectangle: a layer, or several small ones. */
interface Leaf {
  readonly label: string;
  readonly tooltip: string;
  /** In bytes. */
  readonly size: number;
  readonly sharedBy: number;
}

/** The layers that only one image has, or those that several share. */
interface Group {
  readonly label: string;
  readonly children: readonly Leaf[];
}

/** All groups. */
interface Root {
  readonly label: '';
  readonly children: readonly Group[];
}

type Area = Root | Group | Leaf;
type Node = HierarchyRectangularNode<Area>;

/** Draws each layer as a rectangle, in proportion to its size: once, whether one image has it or many. */
export function layerTreemap(images: readonly ReportedImage[]): Markup {
  const root = hierarchy<Area>({ label: '', children: groupsOf(images) }, childrenOf)
    .sum(area => ('size' in area ? area.size : 0))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const layout = treemap<Area>().size([WIDTH, HEIGHT]).round(true).paddingInner(1);
  const drawn = layout.paddingOuter(1).paddingTop(({ depth }) => (depth === 1 ? LABEL : 0))(root);
  const groups = drawn.children ?? [];
  return markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="map-title map-text">
<title id="map-title">Layers by size</title>
<desc id="map-text">${groups.length} groups: ${describe(groups)}. The tables below have the same data.</desc>
${groups.map(drawGroup)}
</svg>`;
}

function childrenOf(area: Area): readonly Area[] | undefined {
  return 'children' in area ? area.children : undefined;
}

function groupsOf(images: readonly ReportedImage[]): Group[] {
  const layers = distinctLayers({ images });
  const largest = new Set(layers.toSorted((a, b) => b.size - a.size).slice(0, MAX_LAYERS));
  const names = shortNames(images);
  const leaves = (list: readonly ReportedLayer[]) => leavesOf(list, largest, names);
  const shared = layers.filter(({ sharedBy }) => sharedBy > 1);
  const unique = layers.filter(({ sharedBy }) => sharedBy <= 1);
  // Several names of one image have the same layers.
  const byDigest = new Map(images.toReversed().map(image => [image.digest, image]));
  const owned = [...byDigest.values()].toReversed().map(image => {
    const own = new Set(image.layers.map(({ digest }) => digest));
    return { label: image.name, children: leaves(unique.filter(({ digest }) => own.has(digest))) };
  });
  const groups = [{ label: 'Shared by several images', children: leaves(shared) }, ...owned];
  return groups.filter(({ children }) => children.length > 0);
}

/** A rectangle for each of the largest layers, and one for the others together. */
function leavesOf(
  layers: readonly ReportedLayer[],
  largest: ReadonlySet<ReportedLayer>,
  names: ReadonlyMap<string, readonly string[]>,
): Leaf[] {
  const drawn = layers.filter(layer => largest.has(layer));
  const leaves = drawn.map(layer => leafOf(layer, names.get(layer.digest) ?? []));
  const rest = layers.filter(layer => !largest.has(layer) && layer.size > 0);
  if (rest.length === 0) return leaves;
  const size = rest.reduce((sum, layer) => sum + layer.size, 0);
  const sharedBy = Math.min(...rest.map(layer => layer.sharedBy));
  const tooltip = `${rest.length} smaller layers, ${formatBytes(size)}`;
  return [...leaves, { label: `${rest.length} more`, tooltip, size, sharedBy }];
}

/** The short names of the images that have each layer. */
function shortNames(images: readonly ReportedImage[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { name, layers } of images)
    for (const { digest } of layers) names.set(digest, [...(names.get(digest) ?? []), shortName(name)]);
  return names;
}

function leafOf({ digest, size, sharedBy }: ReportedLayer, names: readonly string[]): Leaf {
  const more = names.length > MAX_NAMES ? ', …' : '';
  const listed = `${names.slice(0, MAX_NAMES).join(', ')}${more}`;
  const images = sharedBy > 1 ? `, in ${sharedBy} images: ${listed}` : '';
  const label = sharedBy > 1 ? `${formatBytes(size)} × ${sharedBy}` : formatBytes(size);
  return { label, tooltip: `${digest.slice(0, 19)}, ${formatBytes(size)}${images}`, size, sharedBy };
}

function describe(groups: readonly Node[]): string {
  const largest = groups.slice(0, 5).map(group => `${group.data.label} ${formatBytes(group.value ?? 0)}`);
  return groups.length > largest.length ? `${largest.join(', ')} and smaller ones` : largest.join(', ');
}

function drawGroup(group: Node): Markup {
  const { label } = group.data;
  const size = formatBytes(group.value ?? 0);
  const width = group.x1 - group.x0;
  const text = fit(`${label}  ${size}`, width, BOLD_CHARACTER) ?? clip(shortName(label), width);
  return markup`<g><title>${label}, ${size}</title>${rectangle(group, 'group')}${
    text === '' ? '' : labelAt(group, text, 'name')
  }${(group.children ?? []).map(drawLeaf)}</g>
`;
}

function drawLeaf(leaf: Node): Markup {
  const { label, tooltip, sharedBy } = leaf.data as Leaf;
  const width = leaf.x1 - leaf.x0;
  const height = leaf.y1 - leaf.y0;
  if (width < 1 || height < 1) return markup``;
  const text = height < LABEL ? undefined : fit(label, width, CHARACTER);
  const drawn = markup`${rectangle(leaf, shadeOf(sharedBy))}${text ? labelAt(leaf, text, '') : ''}`;
  // A tooltip for every sliver would be most of the page.
  return width * height < 60 ? drawn : markup`<g><title>${tooltip}</title>${drawn}</g>`;
}

function rectangle({ x0, y0, x1, y1 }: Node, name: string): Markup {
  return markup`<rect class="${name}" x="${x0}" y="${y0}" width="${x1 - x0}" height="${y1 - y0}"/>`;
}

function labelAt({ x0, y0 }: Node, text: string, name: string): Markup {
  return name === ''
    ? markup`<text x="${x0 + 5}" y="${y0 + 15}">${text}</text>`
    : markup`<text class="${name}" x="${x0 + 5}" y="${y0 + 14}">${text}</text>`;
}

/** The class of a layer's rectangle: `u` for one image, `s0` to `s2` for more and more images. */
function shadeOf(sharedBy: number): string {
  const shade = SHADES.filter(lowest => sharedBy >= lowest).length;
  return shade === 0 ? 'u' : `s${shade - 1}`;
}

/** The text if it fits into a rectangle. */
function fit(text: string, width: number, character: number): string | undefined {
  return text.length * character + 8 <= width ? text : undefined;
}

/** As much of the label of a group as fits into a rectangle; empty if that is too little to be of use. */
function clip(text: string, width: number): string {
  const characters = Math.floor((width - 8) / BOLD_CHARACTER);
  if (text.length <= characters) return text;
  return characters < 4 ? '' : `${text.slice(0, characters - 1)}…`;
}

/** The last part of a name: `app:1`. */
function shortName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/@sha256:.*$/, '');
}
