#!/bin/sh
# The shards of a plan as a Slurm array, 8 at once. Not run by our tests: only the command is that of job.yaml, and the index
# comes from SLURM_ARRAY_TASK_ID, which has to start at 0.
#
#   plan=$(airgap shard plan app.yaml --shards 64 -o s3://releases/app.tar --json | jq -r .plan)
#   sbatch --export "ALL,AIRGAP_PLAN=$plan" slurm.sh
#SBATCH --job-name=airgap-shards
#SBATCH --array=0-63%8
#SBATCH --cpus-per-task=1
#SBATCH --mem=1G
#SBATCH --requeue
exec airgap shard run s3://releases/app.tar
