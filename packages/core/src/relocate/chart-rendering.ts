import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import type { RenderInput } from '../input/find/find-input.ts';
import { readSource } from '../input/model/source-text.ts';
import type { Spec } from '../input/model/spec.ts';
import { Renderer } from '../input/render/renderer.ts';
import { parseSpec } from '../input/spec-parser.ts';
import { AirgapError } from '../model/errors.ts';

/** The lines that helm writes before each manifest. */
const SOURCE = /^---\n# Source: (.*)$/m;
/** The name of the chart that shows the values of another one. */
const WRAPPER = 'airgap-values';

/** A chart as helm renders it. */
export interface ChartRendering {
  /** The manifests, each with the template that it comes from. */
  readonly text: string;
  readonly spec: Spec;
}

/** A chart of the vendor, with the customer's own values. */
export class Chart {
  readonly name: string;
  readonly #input: RenderInput;
  readonly #values: readonly string[];
  readonly #signal: AbortSignal | undefined;
  readonly #helm = new Renderer('helm');

  private constructor(
    input: RenderInput,
    name: string,
    values: readonly string[],
    signal: AbortSignal | undefined,
  ) {
    this.name = name;
    this.#input = input;
    this.#values = values;
    this.#signal = signal;
  }

  /** Opens a chart. @param values files with values of the customer @throws AirgapError `INPUT` */
  static async open(
    input: RenderInput,
    values: readonly string[] = [],
    signal?: AbortSignal,
  ): Promise<Chart> {
    requireInside(input);
    const unnamed = new Chart(input, '', values, signal);
    const metadata = parseYaml(await unnamed.#run(['show', 'chart', resolve(input.path)]));
    const { name } = (metadata ?? {}) as { name?: unknown };
    if (typeof name === 'string' && /^[\w.-]+$/.test(name)) return new Chart(input, name, values, signal);
    throw new AirgapError('INPUT', 'the chart has no valid name', {
      where: { path: input.file },
      hint: 'Correct name: in its Chart.yaml.',
    });
  }

  get path(): string {
    return this.#input.path;
  }

  /** Renders the chart. @param overlay values in YAML that come last @throws AirgapError `INPUT` when helm fails */
  async render(overlay = ''): Promise<ChartRendering> {
    const flags = this.#values.map(file => `--values=${resolve(file)}`);
    const args = ['template', resolve(this.path), '--include-crds', ...flags, '--values', '-'];
    const text = await this.#run(args, overlay);
    return { text, spec: parseSpec(this.#sources(text)) };
  }

  /**
   * The values with which the templates are rendered, those of subcharts included. A chart around this one shows them,
   * because helm itself shows the values of one chart only.
   *
   * @throws AirgapError `INPUT` when helm fails
   */
  async values(): Promise<unknown> {
    const folder = await mkdtemp(join(tmpdir(), 'airgap-chart-'));
    try {
      await this.#writeWrapper(folder);
      const output = await this.#run(['template', folder, '--show-only', 'templates/values.yaml']);
      const document = parseYaml(output.replace(/^---\n# Source: .*\n/, '')) as {
        data?: { values?: string };
      };
      return JSON.parse(Buffer.from(document.data?.values ?? '', 'base64').toString('utf8'));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #writeWrapper(folder: string): Promise<void> {
    await mkdir(join(folder, 'charts'));
    await mkdir(join(folder, 'templates'));
    const name = basename(resolve(this.path));
    await cp(this.path, join(folder, 'charts', name), { recursive: true, dereference: true });
    await writeFile(
      join(folder, 'Chart.yaml'),
      stringify({ apiVersion: 'v2', name: WRAPPER, version: '0.0.0' }),
    );
    await writeFile(join(folder, 'values.yaml'), stringify({ [this.name]: await this.#customerValues() }));
    const value = `{{ index .Values ${JSON.stringify(this.name)} | toJson | b64enc }}`;
    const template = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: values\ndata:\n  values: ${value}\n`;
    await writeFile(join(folder, 'templates', 'values.yaml'), template);
  }

  /** The customer's values as helm merges them: later files take precedence, mappings are merged. */
  async #customerValues(): Promise<object> {
    let values: object = {};
    for (const file of this.#values) values = merge(values, parseYaml((await readSource(file)).text) ?? {});
    return values;
  }

  /** The manifests of a rendering, each under the name of its template. */
  #sources(text: string) {
    const parts = text.split(SOURCE);
    const sources = [];
    for (let at = 1; at + 1 < parts.length; at += 2) {
      const file = `${this.path}${(parts[at] ?? '').slice(this.name.length)}`;
      sources.push({ file, text: parts[at + 1] ?? '', rendered: true as const });
    }
    return sources;
  }

  async #run(args: string[], input = ''): Promise<string> {
    const text = await this.#helm.run(args, { input, signal: this.#signal });
    if (text !== undefined) return text;
    throw new AirgapError('INPUT', 'helm is not on PATH', {
      hint: 'Install helm 3 or later, or omit --helm-values.',
    });
  }
}

/** Helm would follow these links. @throws AirgapError `INPUT` */
function requireInside({ file, outsideLinks = [] }: RenderInput): void {
  if (outsideLinks.length === 0) return;
  throw new AirgapError('INPUT', `links lead out of the chart: ${outsideLinks.join(', ')}`, {
    where: { path: file },
    hint: 'Replace the links with the files.',
  });
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 1000 });
  } catch (cause) {
    throw new AirgapError('INPUT', `invalid values: ${(cause as Error).message.split('\n', 1)[0]}`, {
      cause,
      hint: 'Correct the YAML.',
    });
  }
}

function merge(base: unknown, over: unknown): object {
  if (!isMapping(over)) return isMapping(base) ? base : {};
  const merged = new Map(Object.entries(isMapping(base) ? base : {}));
  for (const [key, value] of Object.entries(over))
    merged.set(key, isMapping(value) && isMapping(merged.get(key)) ? merge(merged.get(key), value) : value);
  return Object.fromEntries(merged);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
