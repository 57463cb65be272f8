import type { ShardPlanResult } from '@airgap/core';

/** The number of workers at once, unless there are fewer shards. */
const PARALLELISM = 8;

/** What a Job is about. */
export type PlannedShards = Pick<ShardPlanResult, 'object' | 'plan' | 'shards'>;

/**
 * Renders a Kubernetes Job that runs the shards of a plan. `deploy/kubernetes/job.yaml` is the same with placeholders.
 *
 * @param version of the image of airgap
 */
export function renderJob({ object, plan, shards }: PlannedShards, version: string): string {
  const id = plan.replace('sha256:', '').slice(0, 12);
  const text = (value: string) => JSON.stringify(value);
  return `# One pod for each shard of a plan; the last one completes the object. Kubernetes 1.29 or later.
# Change: the image, the parallelism, and the Secrets.
apiVersion: batch/v1
kind: Job
metadata:
  name: ${text(`airgap-shards-${id}`)}
spec:
  completionMode: Indexed
  completions: ${shards}
  parallelism: ${Math.min(PARALLELISM, shards)}
  # A shard that failed is run again, and uploads what is missing.
  backoffLimitPerIndex: 3
  maxFailedIndexes: 0
  ttlSecondsAfterFinished: 86400
  podFailurePolicy:
    rules:
      # An evicted pod does not count.
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
      # Wrong usage or credentials, content that does not match its digest, a bug: a retry would fail again.
      - action: FailJob
        onExitCodes:
          containerName: airgap
          operator: In
          values: [2, 4, 70]
  template:
    spec:
      restartPolicy: Never
      # The worker does not talk to Kubernetes. For workload identity (IRSA and others), name its serviceAccountName here,
      # and remove the Secret airgap-store.
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: airgap
          image: ${text(`registry.example.com/airgap:${version}`)}
          args:
            - shard
            - run
            - ${text(argument(object))}
            - --plan
            - ${text(plan)}
            - --progress
            - plain
          env:
            - name: DOCKER_CONFIG
              value: /etc/airgap
          envFrom:
            # AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, and AWS_ENDPOINT_URL_S3 for other stores than AWS.
            - secretRef:
                name: airgap-store
                optional: true
          resources:
            requests:
              cpu: "1"
              memory: 512Mi
            limits:
              memory: 1Gi
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          volumeMounts:
            - name: registries
              mountPath: /etc/airgap
              readOnly: true
      volumes:
        # The credentials of the source registries, as docker stores them.
        - name: registries
          secret:
            secretName: airgap-registries
            optional: true
            items:
              - key: .dockerconfigjson
                path: config.json
`;
}

/** Kubernetes replaces $(NAME) in arguments; a second $ prevents it. */
function argument(value: string): string {
  return value.replaceAll('$(', '$$$$(');
}
