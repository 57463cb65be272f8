import { describe, expect, it } from 'vitest';
import { airgap, Workplace } from './airgap.ts';

const POD =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - image: quay.io/t/a\n';

/** Runs a command in a folder with these files; what it says comes as text. */
async function run(files: Record<string, string>, args: readonly string[]) {
  using place = new Workplace(files);
  const { status, stdout, stderr } = await airgap(args, { cwd: place.path });
  return { status, stdout: stdout.toString(), stderr };
}

describe('rules: in airgap.yaml', () => {
  it.each([
    ['off', [], 0],
    ['off', ['--fail-on', 'info'], 0],
    ['info', [], 0],
    ['info', ['--fail-on', 'info'], 1],
    ['warning', [], 1],
    ['warning', ['--fail-on', 'error'], 0],
    ['error', ['--fail-on', 'error'], 1],
  ])('%s, with %j, ends with %i', async (grade, flags, expected) => {
    const files = { 'a.yaml': POD, 'airgap.yaml': `rules:\n  latest-tag: ${grade}\n` };
    const { status, stdout } = await run(files, ['lint', 'a.yaml', ...flags]);
    expect({ status, isTold: stdout.includes(`${grade} latest-tag`) }).toEqual({
      status: expected,
      isTold: grade !== 'off',
    });
  });

  it('says where an unknown rule is named', async () => {
    const files = { 'a.yaml': '- a:1', 'airgap.yaml': 'rules:\n  latest: off\n' };
    expect((await run(files, ['lint', 'a.yaml'])).stdout).toContain('airgap.yaml:2:3: warning unknown-rule');
  });
});

it('a comment silences its line', async () => {
  const files = { 'a.yaml': POD.replace('t/a', 't/a # airgap-ignore latest-tag: only in the lab') };
  expect(await run(files, ['lint', 'a.yaml'])).toEqual({
    status: 0,
    stdout: '0 errors, 0 warnings in 1 image\n',
    stderr: '',
  });
});
