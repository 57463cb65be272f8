import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findProgram } from '../support/programs/program.ts';
import { ROOT, run } from './run.ts';

interface Workflow {
  readonly on: unknown;
  readonly permissions: unknown;
  readonly jobs: Record<string, Job>;
}
interface Job {
  readonly uses?: string;
  readonly steps?: readonly { readonly run?: string; readonly uses?: string }[];
}

const FOLDER = join(ROOT, '.github/workflows');
const files = readdirSync(FOLDER).filter(name => name.endsWith('.yml'));
const readWorkflow = (name: string): Workflow => parse(readFileSync(join(FOLDER, name), 'utf8'));

describe.each(files)('%s', name => {
  const workflow = readWorkflow(name);
  const steps = Object.values(workflow.jobs).flatMap(job => job.steps ?? []);

  it('has the parts of a workflow, and no right to write by default', () => {
    expect(Object.keys(workflow)).toEqual(expect.arrayContaining(['name', 'on', 'permissions', 'jobs']));
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const step of steps) expect('run' in step || 'uses' in step).toBe(true);
  });

  it('runs files that exist', () => {
    const commands = steps.map(step => step.run ?? '').join('\n');
    const paths = [...commands.matchAll(/(?:^|\s)((?:\.ci|packages|pipeline)\/[\w./-]+)/g)];
    for (const [, path = ''] of paths) expect(existsSync(join(ROOT, path)), path).toBe(true);
    for (const { uses } of Object.values(workflow.jobs))
      if (uses !== undefined) expect(existsSync(join(ROOT, uses)), uses).toBe(true);
  });

  it('uses the pnpm of package.json', () => {
    const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const [pnpm] = packageManager.split('+');
    const mentioned = readFileSync(join(FOLDER, name), 'utf8').match(/pnpm@[\d.]+/g) ?? [];
    expect(mentioned.filter(mention => mention !== pnpm)).toEqual([]);
  });
});

it('tests every major version of Node.js that is supported', () => {
  const { jobs } = readWorkflow('ci.yml') as unknown as {
    jobs: { test: { strategy: { matrix: { node: string[] } } } };
  };
  expect(jobs.test.strategy.matrix.node).toEqual(['20', '22', '24']);
});

it('passes actionlint', async context => {
  const actionlint = findProgram('actionlint');
  if (!actionlint) return context.skip('not installed: actionlint');
  const paths = files.map(name => join(FOLDER, name));
  expect(await run([actionlint, ...paths], { env: { PATH: process.env.PATH } })).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
});

it('issue templates are valid YAML', () => {
  const folder = join(ROOT, '.github/ISSUE_TEMPLATE');
  for (const name of readdirSync(folder))
    expect(parse(readFileSync(join(folder, name), 'utf8'))).toBeTruthy();
});
