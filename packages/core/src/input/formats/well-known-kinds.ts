import { ImagePath } from './image-path.ts';

/** Kind → path of its pod spec, for the workloads of Kubernetes itself. */
export const POD_SPECS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  PodTemplate: ['template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
};

/** Custom kinds of one API group that name images outside of pods. */
interface WellKnownKinds {
  /** The API group, without its version. */
  readonly group: string;
  readonly kinds: readonly string[];
  /** Paths in the syntax of `ImagePath.parse`. */
  readonly images: readonly string[];
}

/**
 * The custom kinds whose image fields are known. Pods need no row: they are found in any kind, for example in an Argo
 * Rollout, a Knative Service, a DeploymentConfig, a ScaledJob or a LeaderWorkerSet. To add a kind, add a row.
 */
const WELL_KNOWN_KINDS: readonly WellKnownKinds[] = [
  {
    group: 'argoproj.io',
    kinds: [
      'Workflow',
      'WorkflowTemplate',
      'ClusterWorkflowTemplate',
      'CronWorkflow',
      'Sensor',
      'EventSource',
    ],
    images: ['.spec..container.image', '.spec..script.image', '.spec..sidecars[*].image'],
  },
  {
    group: 'tekton.dev',
    kinds: ['Task', 'ClusterTask', 'TaskRun', 'Pipeline', 'PipelineRun'],
    images: ['.spec..steps[*].image', '.spec..sidecars[*].image', '.spec..stepTemplate.image'],
  },
  { group: 'tekton.dev', kinds: ['StepAction'], images: ['.spec.image'] },
  {
    group: 'kubevirt.io',
    kinds: [
      'VirtualMachine',
      'VirtualMachineInstance',
      'VirtualMachineInstanceReplicaSet',
      'VirtualMachinePool',
    ],
    images: ['.spec..containerDisk.image', '.spec..kernelBoot.container.image'],
  },
  {
    group: 'pool.kubevirt.io',
    kinds: ['VirtualMachinePool'],
    images: ['.spec..containerDisk.image', '.spec..kernelBoot.container.image'],
  },
  {
    group: 'operators.coreos.com',
    kinds: ['ClusterServiceVersion'],
    images: ['.spec.relatedImages[*].image'],
  },
  { group: 'operators.coreos.com', kinds: ['CatalogSource'], images: ['.spec.image'] },
  {
    group: 'monitoring.coreos.com',
    kinds: ['Prometheus', 'PrometheusAgent', 'Alertmanager', 'ThanosRuler'],
    images: ['.spec.image', '.spec.thanos.image'],
  },
  { group: 'ceph.rook.io', kinds: ['CephCluster'], images: ['.spec.cephVersion.image'] },
  { group: 'postgresql.cnpg.io', kinds: ['Cluster'], images: ['.spec.imageName'] },
  {
    group: 'postgresql.cnpg.io',
    kinds: ['ImageCatalog', 'ClusterImageCatalog'],
    images: ['.spec.images[*].image'],
  },
  {
    group: 'kafka.strimzi.io',
    kinds: ['Kafka', 'KafkaConnect', 'KafkaBridge', 'KafkaMirrorMaker', 'KafkaMirrorMaker2', 'KafkaNodePool'],
    images: [
      '.spec.image',
      '.spec.*.image',
      '.spec.entityOperator.*.image',
      '.spec.kafka.tieredStorage..image',
    ],
  },
  { group: 'longhorn.io', kinds: ['EngineImage', 'BackingImageManager'], images: ['.spec.image'] },
  {
    group: 'opentelemetry.io',
    kinds: ['OpenTelemetryCollector', 'Instrumentation'],
    images: ['.spec.image', '.spec.*.image'],
  },
  { group: 'apps.kruise.io', kinds: ['ImagePullJob', 'ImageListPullJob'], images: ['.spec.image'] },
];

const PATHS = pathsByKind();

/** Returns the image paths of a custom kind; none for a kind that is not known. */
export function wellKnownPaths(apiVersion: string, kind: string): readonly ImagePath[] {
  const group = apiVersion.slice(0, Math.max(apiVersion.indexOf('/'), 0));
  return PATHS.get(`${group}/${kind}`) ?? [];
}

function pathsByKind(): ReadonlyMap<string, readonly ImagePath[]> {
  const paths = new Map<string, readonly ImagePath[]>();
  for (const { group, kinds, images } of WELL_KNOWN_KINDS)
    for (const kind of kinds)
      paths.set(
        `${group}/${kind}`,
        images.map(path => ImagePath.parse(kind, path)),
      );
  return paths;
}
