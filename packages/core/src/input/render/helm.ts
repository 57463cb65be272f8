import { resolve } from 'node:path';
import { AirgapError } from '../../model/errors.ts';
import type { RenderInput } from '../find/find-input.ts';
import type { HelmChart } from '../formats/helm-chart.ts';
import type { SourceText } from '../model/source-text.ts';
import { SpecDocument } from '../yaml/document.ts';
import { runProgram } from './program.ts';
import { notRendered, type Rendered } from './rendered.ts';

/** What Helm takes for the name of a release or of a namespace. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,51}[a-z0-9])?$/;
/** What Helm writes before each manifest. */
const SOURCE = /^---\n# Source: (.*)$/m;

/** A chart among the input, by what its metadata say. */
interface Chart extends RenderInput {
  readonly name: string | undefined;
  readonly version: string | undefined;
}

/**
 * Renders every chart: with the `builder` values of each `HelmChart` that names it, or with its own when none does.
 * Nothing is downloaded.
 */
export async function renderCharts(
  found: readonly RenderInput[],
  helmCharts: readonly HelmChart[],
  signal?: AbortSignal,
): Promise<Rendered> {
  const sources: SourceText[] = [];
  const files: string[] = [];
  const errors: AirgapError[] = [];
  const asked = new Set<HelmChart>();
  let nameless = 0;
  for (const unrendered of found) {
    try {
      nameless += 1;
      const chart = await metadata(unrendered, signal);
      nameless -= 1;
      const uses = helmCharts.filter(one => one.chart === chart.name && one.version === chart.version);
      for (const use of uses) asked.add(use);
      for (const use of uses.length > 0 ? uses : [undefined])
        sources.push(...(await render(chart, use, signal)));
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      files.push(...unrendered.files);
      errors.push(notRendered('chart', unrendered, error));
    }
  }
  // A chart without a name may be any of those that are missing, and has been told of.
  const missing = nameless === 0 ? helmCharts.filter(one => !asked.has(one)) : [];
  return { sources, files, errors: [...errors, ...missing.map(notHere)] };
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

async function render(chart: Chart, use: HelmChart | undefined, signal?: AbortSignal): Promise<SourceText[]> {
  const { release = '', namespace = '', values = '' } = use ?? {};
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

/** Helm's output by the template that each part comes from. What stands there is as untrusted as the chart. */
function manifests(text: string, { file, path, files, name }: Chart): SourceText[] {
  const [, ...parts] = text.split(SOURCE);
  const sources: SourceText[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const template = `${path}${(parts[at] ?? '').slice(name?.length ?? 0)}`;
    sources.push({
      file: files.includes(template) ? template : file,
      text: parts[at + 1] ?? '',
      rendered: true,
    });
  }
  return sources;
}

/** What helm prints. @throws AirgapError `INPUT` when it fails, and when there is none */
async function helm(args: string[], options: { input?: string; signal?: AbortSignal | undefined }) {
  const text = await runProgram('helm', args, options);
  if (text !== undefined) return text;
  throw new AirgapError('INPUT', 'helm is not on PATH', {
    hint: 'Install helm 3 or later, or give what "helm template" prints.',
  });
}

function notHere({ chart, version = '(any version)', position }: HelmChart): AirgapError {
  return new AirgapError(
    'INPUT',
    `the chart ${chart} ${version} is not among the input: its images are not known`,
    {
      where: { position },
      hint: "Name the chart's folder or its .tgz as well; its name and version must be these.",
    },
  );
}
