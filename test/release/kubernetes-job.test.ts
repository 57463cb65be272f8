import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { renderJob } from '../../packages/cli/src/render/kubernetes-job.ts';

const ROOT = new URL('../..', import.meta.url);
const SCHEMA = JSON.parse(readFileSync(new URL('test/vectors/kubernetes/job.schema.json', ROOT), 'utf8')) as {
  $defs: Record<string, { properties?: object; additionalProperties?: unknown }>;
};

// As the API server with strict decoding: an unknown field is an error.
for (const schema of Object.values(SCHEMA.$defs))
  if (schema.properties) schema.additionalProperties ??= false;

const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(SCHEMA);

/** What is wrong with a Job; empty for nothing. */
function problems(job: unknown): string[] {
  validate(job);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const PLAN = `sha256:${'0'.repeat(64)}`;
const job = (object: string, shards: number) => parse(renderJob({ object, plan: PLAN, shards }, '0.1.0'));

describe('the Job of shard plan --kubernetes', () => {
  it('is a Job of Kubernetes', () => expect(problems(job('s3://releases/app.tar', 64))).toEqual([]));

  it('is what deploy/kubernetes has', () => {
    const text = readFileSync(new URL('deploy/kubernetes/job.yaml', ROOT), 'utf8');
    expect(text).toBe(renderJob({ object: 's3://releases/app.tar', plan: PLAN, shards: 64 }, '0.1.0'));
  });

  it('runs each shard with the plan', () => {
    const { spec } = job('s3://releases/app.tar', 5);
    expect(spec).toMatchObject({ completionMode: 'Indexed', completions: 5, parallelism: 5 });
    expect(spec.template.spec.containers[0].args.slice(0, 5)).toEqual([
      'shard',
      'run',
      's3://releases/app.tar',
      '--plan',
      PLAN,
    ]);
  });

  it('ends at the exit statuses that no retry changes', () => {
    const { rules } = job('s3://releases/app.tar', 5).spec.podFailurePolicy;
    expect(rules[1].onExitCodes.values).toEqual([2, 4, 70]);
  });

  it('quotes names that YAML would read otherwise', () => {
    const object = 's3://releases/a: #"b".tar';
    expect(job(object, 1).spec.template.spec.containers[0].args[2]).toBe(object);
    expect(problems(job(object, 1))).toEqual([]);
  });

  it('escapes names that Kubernetes would take for variables', () => {
    const [, , object] = job('s3://releases/$(HOME)/$(X).tar', 1).spec.template.spec.containers[0].args;
    expect(object).toBe('s3://releases/$$(HOME)/$$(X).tar');
  });
});

describe('the schema', () => {
  const valid = job('s3://releases/app.tar', 2);
  it.each<[string, object, string]>([
    ['an unknown field', { parallel: 2 }, 'additional properties'],
    ['a wrong type', { completions: '2' }, 'must be integer'],
    ['no template', { template: undefined }, "required property 'template'"],
  ])('rejects %s', (_case, change, message) => {
    const changed = { ...valid, spec: { ...valid.spec, ...change } };
    expect(problems(JSON.parse(JSON.stringify(changed))).join()).toContain(message);
  });
});

it.each(readdirSync(new URL('deploy/examples', ROOT)).filter(name => name.endsWith('.yaml')))(
  'deploy/examples/%s is YAML',
  name => {
    const text = readFileSync(new URL(`deploy/examples/${name}`, ROOT), 'utf8');
    expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
  },
);
