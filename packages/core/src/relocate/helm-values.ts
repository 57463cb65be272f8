import pLimit from 'p-limit';
import { stringify } from 'yaml';
import type { UnreadImage, UsedImage } from '../input/model/spec.ts';
import { RENDERERS } from '../input/render/rendered.ts';
import { AirgapError } from '../model/errors.ts';
import type { Chart, ChartRendering } from './chart-rendering.ts';
import type { RenamedImage } from './renamed-image.ts';
import { Renames } from './renames.ts';
import type { Skipped } from './skipped.ts';
import { type EditGroup, findValueEdits, overlayOf } from './value-edits.ts';

/** How many values may name images: each is tried with a rendering. */
const MAX_GROUPS = 500;

/** Values that point a chart at another registry. */
export interface HelmValues {
  /** The values as YAML. */
  readonly yaml: string;
  /** Images of the rendering that point at the registry. */
  readonly replaced: number;
  /** Images that still point elsewhere, and values that no rendering shows. */
  readonly skipped: readonly Skipped[];
}

/** A chart as it is without new values. */
export interface OriginalChart {
  readonly chart: Chart;
  /** The values of its templates, as JSON. */
  readonly values: unknown;
  readonly before: ChartRendering;
}

/** Renders a chart without new values. @throws AirgapError `INPUT` when helm fails */
export async function renderOriginal(chart: Chart): Promise<OriginalChart> {
  return { chart, values: await chart.values(), before: await chart.render() };
}

/**
 * Finds values that point the images of a chart at the registry that they were loaded into. Each edit is proven: the chart
 * is rendered before and after, and every image must be the one that was loaded, under its new name.
 *
 * @throws AirgapError `INPUT` when helm fails
 */
export async function helmValues(
  { chart, values, before }: OriginalChart,
  images: readonly RenamedImage[],
): Promise<HelmValues> {
  const search = new ValueSearch(chart, values, images, before);
  const groups = findValueEdits(values, images);
  if (groups.length > MAX_GROUPS) throw tooMany(chart, groups.length);
  const proven = await search.prove(groups);
  const hidden = await search.unseen(groups, proven);
  const yaml = search.yaml([...proven, ...hidden]);
  const { replaced, skipped } = search.outcome(await chart.render(yaml));
  return { yaml, replaced, skipped: [...skipped, ...hidden.flatMap(group => notRendered(chart, group))] };
}

/** Tries edits by rendering the chart. */
class ValueSearch {
  readonly #chart: Chart;
  readonly #values: unknown;
  readonly #before: ChartRendering;
  readonly #renames: Renames;
  readonly #targets: ReadonlySet<string>;
  /** The hosts of the new names. */
  readonly #registries: readonly string[];

  constructor(chart: Chart, values: unknown, images: readonly RenamedImage[], before: ChartRendering) {
    this.#chart = chart;
    this.#values = values;
    this.#before = before;
    this.#renames = new Renames(images);
    this.#targets = new Set(images.map(({ newName }) => newName.toString()));
    this.#registries = [...new Set(images.map(({ newName }) => newName.registry))];
  }

  /** The edits that together make the most images right. All at once usually does; otherwise one after another. */
  async prove(groups: readonly EditGroup[]): Promise<EditGroup[]> {
    const all = [...groups];
    if ((await this.#score(all)) === this.#expected) return this.#withoutIdle(all);
    const chosen: EditGroup[] = [];
    let best = await this.#score(chosen);
    for (const group of groups) {
      const score = await this.#score([...chosen, group]);
      if (score <= best) continue;
      chosen.push(group);
      best = score;
    }
    return chosen;
  }

  /** The other edits that change nothing in the rendering: they count once the customer turns on what they belong to. */
  async unseen(groups: readonly EditGroup[], proven: readonly EditGroup[]): Promise<EditGroup[]> {
    const rest = groups.filter(group => !proven.includes(group));
    const { text } = await this.#chart.render(this.yaml(proven));
    const isIdle = async (added: readonly EditGroup[]) =>
      (await this.#render([...proven, ...added]))?.text === text;
    if (rest.length === 0 || (await isIdle(rest))) return rest;
    return filterAsync(rest, group => isIdle([group]));
  }

  yaml(groups: readonly EditGroup[]): string {
    const overlay = overlayOf(this.#values, groups);
    return Object.keys(overlay).length === 0 ? '{}\n' : stringify(overlay, { lineWidth: 0 });
  }

  /** The images that are right after a rendering, and those that are not. */
  outcome(after: ChartRendering): Pick<HelmValues, 'replaced' | 'skipped'> {
    const skipped: Skipped[] = [];
    let replaced = 0;
    for (const image of imagesOf(after)) {
      if (this.#isTarget(image)) replaced += 1;
      else skipped.push(this.#remaining(image));
    }
    skipped.push(...this.#otherChanges(after));
    for (const { message, where } of after.spec.parseErrors)
      if (where.position) skipped.push({ message, position: where.position });
    return { replaced, skipped };
  }

  /** The edits without those that the rendering does not show. */
  async #withoutIdle(groups: readonly EditGroup[]): Promise<EditGroup[]> {
    const { text } = await this.#chart.render(this.yaml(groups));
    const isNeeded = async (group: EditGroup) =>
      (await this.#render(groups.filter(other => other !== group)))?.text !== text;
    return filterAsync(groups, isNeeded);
  }

  /** Lines that change although they name no image: a value may be used for something else as well. */
  #otherChanges(after: ChartRendering): Skipped[] {
    const originals = withoutChecksums(this.#before.text).split('\n');
    const lines = withoutChecksums(after.text).split('\n');
    if (lines.length !== originals.length)
      return [this.#notProven('the rendering has more or fewer lines with the values')];
    const changed = lines.filter((line, at) => line !== originals[at] && !this.#namesTarget(line));
    return changed.map(line => this.#notProven(`the rendering changes in another place: ${line.trim()}`));
  }

  #namesTarget(line: string): boolean {
    return this.#registries.some(registry => line.includes(registry));
  }

  #notProven(what: string): Skipped {
    return {
      message: `chart ${this.#chart.name}: ${what}: not proven`,
      position: { file: this.#chart.path, line: 1, column: 1 },
    };
  }

  /** How many images of the original rendering can be right. */
  get #expected(): number {
    return imagesOf(this.#before).filter(image => this.#newName(image) !== undefined).length;
  }

  /** How many images are right with these edits; -1 when helm fails, or another image changes. */
  async #score(groups: readonly EditGroup[]): Promise<number> {
    const after = await this.#render(groups);
    const originals = imagesOf(this.#before);
    const images = after ? imagesOf(after) : [];
    if (!after || images.length !== originals.length) return -1;
    let right = 0;
    for (const [at, original] of originals.entries()) {
      const { value } = images[at]?.image ?? original.image;
      if (value === this.#newName(original)) right += 1;
      else if (value !== original.image.value) return -1;
    }
    return right;
  }

  async #render(groups: readonly EditGroup[]): Promise<ChartRendering | undefined> {
    try {
      return await this.#chart.render(this.yaml(groups));
    } catch (error) {
      if (error instanceof AirgapError && error.code === 'INPUT') return undefined;
      throw error;
    }
  }

  #newName({ image }: FoundImage): string | undefined {
    try {
      return this.#renames.of(image.value);
    } catch (error) {
      if (error instanceof AirgapError) return undefined;
      throw error;
    }
  }

  #isTarget({ image }: FoundImage): boolean {
    return this.#targets.has(image.value);
  }

  #remaining(found: FoundImage): Skipped {
    const { image, kind, name = '(unnamed)' } = found;
    const reason =
      this.#newName(found) === undefined ? 'was not loaded' : 'is not determined by a value that was found';
    return {
      message: `chart ${this.#chart.name}: ${kind} ${name}: ${image.value} ${reason}`,
      position: image.position,
    };
  }
}

/** The items that pass a test, several at a time. */
async function filterAsync<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<T[]> {
  const limit = pLimit(RENDERERS);
  const passed = await Promise.all(items.map(item => limit(test, item)));
  return items.filter((_, at) => passed[at]);
}

/** Charts restart pods by a checksum of a rendered file, which may name an image. */
function withoutChecksums(text: string): string {
  return text.replace(/\b[0-9a-f]{40,128}\b/g, '');
}

type FoundImage = Pick<UsedImage | UnreadImage, 'image' | 'kind' | 'name'>;

/** The images of a rendering: those of pods, and strings elsewhere that name their registry, as operators have them. */
function imagesOf({ spec }: ChartRendering): FoundImage[] {
  return [...spec.used, ...spec.unread.filter(({ isFull }) => isFull)];
}

function notRendered(chart: Chart, group: EditGroup): Skipped[] {
  return group.map(({ path, text }) => ({
    message: `chart ${chart.name}: ${path.join('.')} is set to ${text}, but the rendering does not use it: not proven`,
    position: { file: chart.path, line: 1, column: 1 },
  }));
}

function tooMany(chart: Chart, count: number): AirgapError {
  return new AirgapError(
    'INPUT',
    `chart ${chart.name}: ${count} values may name images, the limit is ${MAX_GROUPS}`,
    {
      where: { path: chart.path },
      hint: 'Use --hosts-toml, with which charts keep the names of their images.',
    },
  );
}
