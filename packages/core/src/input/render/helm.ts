import { resolve } from 'node:path';
import pLimit from 'p-limit';
import { AirgapError, isInterrupted } from '../../model/errors.ts';
import type { RenderInput } from '../find/find-input.ts';
import type { HelmChart } from '../formats/helm-chart.ts';
import { readSource, type SourceText } from '../model/source-text.ts';
import type { InputNote } from '../model/spec.ts';
import { SpecDocument } from '../yaml/document.ts';
import { notRendered, RENDERERS, type Rendered } from './rendered.ts';
import { Renderer } from './renderer.ts';
import { togglesOf } from './toggles.ts';

/** A valid name of a Helm release or namespace. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,51}[a-z0-9])?$/;
/** The lines that Helm writes before each manifest. */
const SOURCE = /^---\n# Source: (.*)$/m;
/** Helm's words for dependencies that are not in the chart's folder. */
const MISSING_DEPENDENCIES = /missing in charts\/ directory:\s*(?<names>[^\n]{1,500})/;
/** Helm's words for a chart that needs another version of Kubernetes than the one that helm assumes. */
const OTHER_KUBE_VERSION = /chart requires kubeVersion: /;

/** How charts are rendered, as the options of `helm template`. */
export interface HelmOptions {
  /** Files with values, which override those of the chart and of KOTS. */
  readonly values?: readonly string[] | undefined;
  /** `KEY=VALUE` in the syntax of `--set`. */
  readonly set?: readonly string[] | undefined;
  readonly kubeVersion?: string | undefined;
  readonly apiVersions?: readonly string[] | undefined;
  /** Render once more with every `enabled: false` and every optional dependency turned on. */
  readonly includeOptional?: boolean | undefined;
}

/** A chart of the input, with the name and version from its metadata. */
interface Chart extends RenderInput {
  /** Text of Chart.yaml. */
  readonly metadata: string;
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** Has only templates for other charts. */
  readonly isLibrary: boolean;
}

/** What one chart yields. */
interface ChartResult {
  readonly sources: readonly SourceText[];
  readonly files: readonly string[];
  readonly errors: readonly AirgapError[];
  readonly notes: readonly InputNote[];
}

const NOTHING: ChartResult = { sources: [], files: [], errors: [], notes: [] };

/**
 * Renders every chart with the `builder` values of each matching `HelmChart`, or with its default values. Does not
 * download anything.
 */
export async function renderCharts(
  found: readonly RenderInput[],
  helmCharts: readonly HelmChart[],
  options: HelmOptions = {},
  signal?: AbortSignal,
): Promise<Rendered> {
  const renderer = new HelmRenderer(helmCharts, options, signal);
  const limit = pLimit(RENDERERS);
  const results = await Promise.all(found.map(input => limit(() => renderer.render(input))));
  return {
    sources: results.flatMap(({ sources }) => sources),
    files: results.flatMap(({ files }) => files),
    errors: [...results.flatMap(({ errors }) => errors), ...renderer.missingCharts()],
    notes: [...results.flatMap(({ notes }) => notes), ...helmCharts.flatMap(optionalNote)],
  };
}

class HelmRenderer {
  readonly #helmCharts: readonly HelmChart[];
  readonly #options: HelmOptions;
  readonly #signal: AbortSignal | undefined;
  readonly #helm = new Renderer('helm');
  readonly #matched = new Set<HelmChart>();
  /** The name of a chart could not be read. */
  #hasUnnamed = false;

  constructor(helmCharts: readonly HelmChart[], options: HelmOptions, signal: AbortSignal | undefined) {
    this.#helmCharts = helmCharts;
    this.#options = options;
    this.#signal = signal;
  }

  async render(input: RenderInput): Promise<ChartResult> {
    try {
      const chart = await this.#open(input);
      const matching = this.#helmCharts.filter(
        ({ chart: name, version }) => name === chart.name && version === chart.version,
      );
      for (const helmChart of matching) this.#matched.add(helmChart);
      if (chart.isLibrary && matching.length === 0) return NOTHING;
      const sources: SourceText[] = [];
      const notes: InputNote[] = [];
      for (const release of matching.length > 0 ? matching : [undefined]) {
        const rendered = await this.#template(chart, release);
        sources.push(...rendered);
        if (!this.#options.includeOptional) continue;
        const optional = await this.#optional(chart, release);
        const known = new Set(rendered.map(sourceKey));
        sources.push(...optional.sources.filter(source => !known.has(sourceKey(source))));
        notes.push(...optional.notes);
      }
      return { sources, notes, files: [], errors: [] };
    } catch (error) {
      if (!(error instanceof AirgapError) || isInterrupted(error)) throw error;
      const reason = missingDependencies(input, error) ?? otherKubeVersion(error) ?? error;
      return { sources: [], notes: [], files: input.files, errors: [notRendered('chart', input, reason)] };
    }
  }

  /** A chart whose name is unknown may be any of the missing ones; its own error is already reported. */
  missingCharts(): AirgapError[] {
    if (this.#hasUnnamed) return [];
    return this.#helmCharts.filter(helmChart => !this.#matched.has(helmChart)).map(missingChart);
  }

  async #open(input: RenderInput): Promise<Chart> {
    const metadata = await this.#metadata(input).catch(error => {
      this.#hasUnnamed = true;
      throw error;
    });
    const [document] = SpecDocument.parse({ file: input.file, text: metadata, rendered: true });
    const textOf = (key: string) =>
      document instanceof SpecDocument ? document.text(document.get(document.root, key))?.value : undefined;
    return {
      ...input,
      metadata,
      name: textOf('name'),
      version: textOf('version'),
      isLibrary: textOf('type') === 'library',
    };
  }

  /** Returns the text of Chart.yaml. */
  async #metadata(input: RenderInput): Promise<string> {
    requireInside(input);
    const isArchive = input.path === input.file;
    return isArchive
      ? this.#run(['show', 'chart', resolve(input.path)])
      : (await readSource(input.file)).text;
  }

  async #template(
    chart: Chart,
    helmChart: HelmChart | undefined,
    more: readonly string[] = [],
  ): Promise<SourceText[]> {
    const { release = '', namespace = '', values = '' } = helmChart ?? {};
    const args = [
      'template',
      ...(NAME.test(release) ? [release] : []),
      resolve(chart.path),
      ...(NAME.test(namespace) ? ['--namespace', namespace] : []),
      ...['--include-crds', '--values', '-'],
      ...this.#flags(),
      ...more,
    ];
    return manifests(await this.#run(args, values), chart);
  }

  #flags(): string[] {
    const { values = [], set = [], kubeVersion, apiVersions = [] } = this.#options;
    return [
      ...values.map(file => `--values=${resolve(file)}`),
      ...set.map(pair => `--set=${pair}`),
      ...(kubeVersion === undefined ? [] : [`--kube-version=${kubeVersion}`]),
      ...apiVersions.map(version => `--api-versions=${version}`),
    ];
  }

  /** Renders with all toggles on, or one at a time if not all of them can be on together. */
  async #optional(
    chart: Chart,
    helmChart: HelmChart | undefined,
  ): Promise<Pick<ChartResult, 'sources' | 'notes'>> {
    const values = await this.#run(['show', 'values', resolve(chart.path)]);
    const toggles = togglesOf(values, chart.metadata);
    if (toggles.length === 0) return { sources: [], notes: [] };
    const all = await this.#withToggles(chart, helmChart, toggles);
    if (all) return { sources: all, notes: [] };
    const sources = new Map<string, SourceText>();
    const failed: string[] = [];
    for (const toggle of toggles) {
      const rendered = await this.#withToggles(chart, helmChart, [toggle]);
      if (!rendered) failed.push(toggle);
      for (const source of rendered ?? []) sources.set(sourceKey(source), source);
    }
    return { sources: [...sources.values()], notes: failedToggles(chart, failed) };
  }

  /** @returns undefined if helm fails */
  async #withToggles(
    chart: Chart,
    helmChart: HelmChart | undefined,
    toggles: readonly string[],
  ): Promise<SourceText[] | undefined> {
    try {
      return await this.#template(
        chart,
        helmChart,
        toggles.map(toggle => `--set=${toggle}=true`),
      );
    } catch (error) {
      if (!(error instanceof AirgapError) || isInterrupted(error)) throw error;
      return undefined;
    }
  }

  /** Returns the output of helm. @throws AirgapError `INPUT` if helm fails or is not on PATH */
  async #run(args: string[], input?: string): Promise<string> {
    const text = await this.#helm.run(args, {
      ...(input === undefined ? {} : { input }),
      signal: this.#signal,
    });
    if (text !== undefined) return text;
    throw new AirgapError('INPUT', 'helm is not on PATH', {
      hint: 'Install helm 3 or later, or pass the output of "helm template".',
    });
  }
}

/** Splits Helm's output by template. The template names are as untrusted as the chart. */
async function manifests(text: string, { file, path, files, name }: Chart): Promise<SourceText[]> {
  // The first part precedes all manifests; then template names and manifests alternate.
  const parts = text.split(SOURCE);
  const sources: SourceText[] = [];
  const templates = new Map<string, string>();
  for (let at = 1; at + 1 < parts.length; at += 2) {
    const template = `${path}${(parts[at] ?? '').slice(name?.length ?? 0)}`;
    const source = { text: parts[at + 1] ?? '', rendered: true as const };
    if (!files.includes(template)) {
      sources.push({ ...source, file });
      continue;
    }
    if (!templates.has(template)) templates.set(template, (await readSource(template)).text);
    sources.push({ ...source, file: template, template: templates.get(template) ?? '' });
  }
  return sources;
}

function sourceKey({ file, text }: SourceText): string {
  return `${file}\n${text}`;
}

/** Helm would follow these links. @throws AirgapError `INPUT` */
function requireInside({ outsideLinks = [] }: RenderInput): void {
  if (outsideLinks.length === 0) return;
  throw new AirgapError('INPUT', `links lead out of the folder of the input: ${outsideLinks.join(', ')}`, {
    hint: 'Replace the links with the files, or pass a folder that contains both.',
  });
}

function missingDependencies({ path, file }: RenderInput, error: AirgapError): AirgapError | undefined {
  const names = MISSING_DEPENDENCIES.exec(error.message)?.groups?.names;
  if (names === undefined) return undefined;
  const isArchive = path === file;
  return new AirgapError('INPUT', `missing dependencies: ${names.trim()}`, {
    hint: isArchive
      ? 'Package the chart with its dependencies: helm package --dependency-update CHART'
      : `Run: helm dependency build ${shellWord(path)}`,
    cause: error,
  });
}

function otherKubeVersion(error: AirgapError): AirgapError | undefined {
  if (!OTHER_KUBE_VERSION.test(error.message)) return undefined;
  return new AirgapError('INPUT', error.message, {
    hint: 'Pass the Kubernetes version of the cluster with --kube-version.',
    cause: error,
  });
}

function shellWord(text: string): string {
  return /^[\w./@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function failedToggles({ file }: Chart, toggles: readonly string[]): InputNote[] {
  if (toggles.length === 0) return [];
  return [
    {
      message: `the chart cannot be rendered with ${toggles.join(', ')}: images of these options are unknown`,
      hint: 'Pass the values that they need with --values or --set.',
      position: { file, line: 1, column: 1 },
    },
  ];
}

function optionalNote({ chart, optionalValues }: HelmChart): InputNote[] {
  if (!optionalValues) return [];
  return [
    {
      message: `optionalValues of chart ${chart} apply only in some installations: their images may be missing`,
      hint: 'Set them in builder: too, so that every image is rendered.',
      position: optionalValues,
    },
  ];
}

function missingChart({ chart, version = '(any version)', position }: HelmChart): AirgapError {
  return new AirgapError('INPUT', `chart ${chart} ${version} is not in the input: its images are unknown`, {
    where: { position },
    hint: "Pass the chart's folder or .tgz with this name and version as input.",
  });
}
