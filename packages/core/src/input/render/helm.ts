import { resolve } from 'node:path';
import { AirgapError } from '../../model/errors.ts';
import type { RenderInput } from '../find/find-input.ts';
import type { HelmChart } from '../formats/helm-chart.ts';
import type { SourceText } from '../model/source-text.ts';
import { SpecDocument } from '../yaml/document.ts';
import { runProgram } from './program.ts';
import { notRendered, type Rendered } from './rendered.ts';

/** A valid name of a Helm release or namespace. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,51}[a-z0-9])?$/;
/** The lines that Helm writes before each manifest. */
const SOURCE = /^---\n# Source: (.*)$/m;

/** A chart of the input, with the name and version from its metadata. */
interface Chart extends RenderInput {
  readonly name: string | undefined;
  readonly version: string | undefined;
}

/**
 * Renders every chart with the `builder` values of each matching `HelmChart`, or with its default values. Does not
 * download anything.
 */
export async function renderCharts(
  found: readonly RenderInput[],
  helmCharts: readonly HelmChart[],
  signal?: AbortSignal,
): Promise<Rendered> {
  const sources: SourceText[] = [];
  const files: string[] = [];
  const errors: AirgapError[] = [];
  const matched = new Set<HelmChart>();
  let unnamed = 0;
  for (const input of found) {
    try {
      unnamed += 1;
      const chart = await metadata(input, signal);
      unnamed -= 1;
      const releases = helmCharts.filter(
        ({ chart: name, version }) => name === chart.name && version === chart.version,
      );
      for (const release of releases) matched.add(release);
      for (const release of releases.length > 0 ? releases : [undefined])
        sources.push(...(await render(chart, release, signal)));
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      files.push(...input.files);
      errors.push(notRendered('chart', input, error));
    }
  }
  // A chart whose name is unknown may be any of the missing ones; its own error is already reported.
  const missing = unnamed === 0 ? helmCharts.filter(helmChart => !matched.has(helmChart)) : [];
  return { sources, files, notes: [], errors: [...errors, ...missing.map(missingChart)] };
}

async function metadata(chart: RenderInput, signal?: AbortSignal): Promise<Chart> {
  const text = await helm(['show', 'chart', resolve(chart.path)], { signal });
  const [document] = SpecDocument.parse({ file: chart.file, text });
  if (!(document instanceof SpecDocument)) return { ...chart, name: undefined, version: undefined };
  return {
    ...chart,
    name: document.field(document.root, 'name')?.value,
    version: document.field(document.root, 'version')?.value,
  };
}

async function render(
  chart: Chart,
  helmChart: HelmChart | undefined,
  signal?: AbortSignal,
): Promise<SourceText[]> {
  const { release = '', namespace = '', values = '' } = helmChart ?? {};
  const text = await helm(
    [
      'template',
      ...(NAME.test(release) ? [release] : []),
      resolve(chart.path),
      ...(NAME.test(namespace) ? ['--namespace', namespace] : []),
      ...['--include-crds', '--values', '-'],
    ],
    { input: values, signal },
  );
  return manifests(text, chart);
}

/** Splits Helm's output by template. The template names are as untrusted as the chart. */
function manifests(text: string, { file, path, files, name }: Chart): SourceText[] {
  // The first part precedes all manifests; then template names and manifests alternate.
  const parts = text.split(SOURCE);
  const sources: SourceText[] = [];
  for (let at = 1; at + 1 < parts.length; at += 2) {
    const template = `${path}${(parts[at] ?? '').slice(name?.length ?? 0)}`;
    sources.push({
      file: files.includes(template) ? template : file,
      text: parts[at + 1] ?? '',
      rendered: true,
    });
  }
  return sources;
}

/** Returns the output of helm. @throws AirgapError `INPUT` if helm fails or is not on PATH */
async function helm(args: string[], options: { input?: string; signal?: AbortSignal | undefined }) {
  const text = await runProgram('helm', args, options);
  if (text !== undefined) return text;
  throw new AirgapError('INPUT', 'helm is not on PATH', {
    hint: 'Install helm 3 or later, or pass the output of "helm template".',
  });
}

function missingChart({ chart, version = '(any version)', position }: HelmChart): AirgapError {
  return new AirgapError('INPUT', `chart ${chart} ${version} is not in the input: its images are unknown`, {
    where: { position },
    hint: "Pass the chart's folder or .tgz with this name and version as input.",
  });
}
