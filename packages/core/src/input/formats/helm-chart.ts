import type { Position } from '../../model/position.ts';
import type { SpecDocument } from '../yaml/document.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

/** A KOTS `HelmChart`: the chart to render and its values. */
export interface HelmChart {
  /** Name of the chart. */
  readonly chart: string;
  readonly version: string | undefined;
  readonly release: string | undefined;
  readonly namespace: string | undefined;
  /** The `builder` values as YAML, which make the chart render every image. */
  readonly values: string;
  readonly position: Position;
  /** Position of `optionalValues`, which apply only in some installations. */
  readonly optionalValues: Position | undefined;
}

/** Returns the chart of a KOTS `HelmChart`; undefined for other objects and for charts with `exclude: true`. */
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
      'HelmChart without spec.chart.name',
      document.position(node),
      'Add name: and chartVersion: to spec.chart.',
    );
  if (document.field(spec, 'exclude')?.value === 'true') return undefined;
  const builder = document.get(spec, 'builder');
  const [optional] = document.items(spec, 'optionalValues');
  return {
    chart: name.value,
    version: document.field(chart, 'chartVersion')?.value,
    // v1beta1 has the release name in spec.chart.
    release: (document.field(spec, 'releaseName') ?? document.field(chart, 'releaseName'))?.value,
    namespace: document.field(spec, 'namespace')?.value,
    values: builder && document.isMap(builder) ? document.sourceOf(builder) : '',
    position: name.position,
    optionalValues: optional && document.position(optional),
  };
}
