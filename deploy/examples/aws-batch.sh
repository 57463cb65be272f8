#!/bin/sh
# The shards of a plan as an AWS Batch array job. Not run by our tests: only the command is that of job.yaml, and the index
# comes from AWS_BATCH_JOB_ARRAY_INDEX. The job definition "airgap" has the image, and a job role with access to the bucket.
set -eu
object=s3://releases/app.tar
shards=64
plan=$(airgap shard plan app.yaml --shards "$shards" -o "$object" --json | jq -r .plan)
aws batch submit-job --job-name airgap-shards --job-queue default --job-definition airgap \
  --array-properties "size=$shards" \
  --retry-strategy '{"attempts": 3, "evaluateOnExit": [
    {"onExitCode": "2", "action": "EXIT"}, {"onExitCode": "4", "action": "EXIT"}, {"onExitCode": "70", "action": "EXIT"},
    {"onExitCode": "*", "action": "RETRY"}]}' \
  --container-overrides "$(jq -n --arg object "$object" --arg plan "$plan" \
    '{command: ["shard", "run", $object, "--plan", $plan]}')"
