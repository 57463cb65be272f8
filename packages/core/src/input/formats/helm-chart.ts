import type { Position } from '../../model/position.ts';
import type { SpecDocument } from '../yaml/document.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

/** A KOTS `HelmChart`: which chart to render, and with what. */
export interface HelmChart {
  /** The chart's own name. */
  readonly chart: string;
  readonly version: string | undefined;
  readonly release: string | undefined;
  readonly namespace: string | undefined;
  /** The `builder` values as YAML: those that make every image appear. */
  readonly values: string;
  readonly position: Position;
}

/** The chart that a KOTS `HelmChart` deploys; nothing for any other object, and when it is excluded for good. */
export function helmChartOf(
  document: SpecDocument,
  { node, kind, apiVersion }: KubernetesObject,
): HelmChart | undefined {
  if (kind !== 'HelmChart' || !apiVersion.startsWith('kots.io/')) return undefined;
  const spec = document.get(node, 'spec');
  const chart = document.get(spec, 'chart');
  const name = document.field(chart, 'name');
  if (!name)
    throw document.error(
      'a HelmChart without spec.chart.name',
      document.position(node),
      'Add name: and chartVersion: to spec.chart.',
    );
  if (document.field(spec, 'exclude')?.value === 'true') return undefined;
  const builder = document.get(spec, 'builder');
  return {
    chart: name.value,
    version: document.field(chart, 'chartVersion')?.value,
    // v1beta1 has the release's name in chart:.
    release: (document.field(spec, 'releaseName') ?? document.field(chart, 'releaseName'))?.value,
    namespace: document.field(spec, 'namespace')?.value,
    values: builder && document.isMap(builder) ? document.written(builder) : '',
    position: name.position,
  };
}
