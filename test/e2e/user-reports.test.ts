import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { build, plan } from '@airgap/core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { imageOf, noiseLayer, sha256 } from '../support/images/image.ts';

/**
 * What users met when they tried the program, by number, and what they must meet now. Numbers 19 and 20 are about charts
 * and mirrors on the customer's side, and are tested with these.
 */
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const MB = 1_000_000;

let registry: TestRegistry;
const work = new TempDir();
const file = (name: string) => work.file(name);
const run = async (...args: string[]) => {
  const { status, stdout, stderr } = await airgap(args, { cwd: work.path });
  return { status, stdout: stdout.toString(), stderr };
};

beforeAll(async () => {
  registry = await TestRegistry.start();
  const base = await noiseLayer('base', 2 * MB);
  registry.push('acme/web:2.4.0', imageOf({ layers: [base, await noiseLayer('web', MB)] }));
  registry.push('acme/web:2.5.0', imageOf({ layers: [base, await noiseLayer('web 2.5', MB)] }));
  registry.push('acme/api:2.4.0', imageOf({ layers: [base, await noiseLayer('api', MB)] }));
  const images = ['web:2.4.0', 'api:2.4.0'].map(name => `${registry.host}/acme/${name}\n`);
  writeFileSync(file('list.txt'), images.join(''));
  writeFileSync(file('next.txt'), images.join('').replace('web:2.4.0', 'web:2.5.0'));
  const built = await Promise.all([
    run('build', 'list.txt', '-o', 'old.tar'),
    run('build', 'next.txt', '-o', 'new.tar'),
  ]);
  expect(built.map(({ status }) => status)).toEqual([0, 0]);
  const damaged = readFileSync(file('old.tar'));
  const at = damaged.indexOf('blobs/sha256/', damaged.length - 3 * MB) + 512 + 1000;
  damaged[at] = (damaged[at] ?? 0) ^ 1;
  writeFileSync(file('bad.tar'), damaged);
});
beforeEach(() => {
  registry.fault = undefined;
  registry.seen.length = 0;
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

it('1. the documents say how to get the program, and a build what the other side needs', async () => {
  expect(read('README.md')).toMatch(/^## Get it$/m);
  expect(read('docs/guides/customer.md')).toMatch(/^## Get airgap$/m);
  const { stdout } = await run('build', 'list.txt', '-o', 'old.tar');
  expect(stdout).toContain('on the other side, airgap, docker, podman, ctr or skopeo loads it');
});

it('2. an old Node.js is named, and is no bug', () =>
  expect(read('packages/cli/bin/airgap.js')).toContain('airgap needs Node 20.19 or later; this is '));

it('3. the digest that a build prints is that of its index, and documented as such', async () => {
  const { digest } = JSON.parse((await run('build', 'list.txt', '-o', 'old.tar', '--json')).stdout);
  const index = execFileSync('tar', ['-xOf', file('old.tar'), 'index.json']);
  expect(digest).toBe(sha256(index));
});

it('4. a registry that wants a login says where none was found, and which key is near', async () => {
  await using closed = await TestRegistry.start({
    auth: { scheme: 'basic', username: 'acme', password: 'x' },
  });
  const port = closed.host.split(':')[1];
  writeFileSync(file('private.txt'), `${closed.host}/acme/web:1\n`);
  writeFileSync(file('near.json'), JSON.stringify({ auths: { '127.0.0.1': { auth: 'YTpi' } } }));
  const near = await airgap(['plan', 'private.txt'], {
    cwd: work.path,
    env: { REGISTRY_AUTH_FILE: file('near.json') },
  });
  expect(near.stderr).toContain(
    `near.json has the key "127.0.0.1", which does not match 127.0.0.1:${port}/acme/web`,
  );
  writeFileSync(file('wrong.json'), JSON.stringify({ auths: { [closed.host]: { auth: 'YWNtZTp5' } } }));
  const wrong = await airgap(['plan', 'private.txt'], {
    cwd: work.path,
    env: { REGISTRY_AUTH_FILE: file('wrong.json') },
  });
  expect(wrong.stderr).toMatch(/rejected the user acme from .*wrong\.json/);
  writeFileSync(
    file('near.yaml'),
    'credentials: {127.0.0.1: {username: acme, passwordEnv: SECRET_OF_ACME}}\n',
  );
  const config = await airgap(['plan', 'private.txt', '--config', 'near.yaml'], {
    cwd: work.path,
    env: { SECRET_OF_ACME: 'x' },
  });
  expect(config.stderr).toContain('near.yaml has the key "127.0.0.1"');
  expect([near.status, wrong.status, config.status]).toEqual([2, 2, 2]);
});

it('5. the path of an endpoint is reported', async () => {
  writeFileSync(file('app.yaml'), '# kind: replicated\nimages:\n- name: web\n  source: acmereg\n  tag: 1\n');
  const { stdout } = await run('lint', 'app.yaml', '--registry', 'acmereg=reg.test/acme');
  expect(stdout).toContain('endpoint-path');
  expect(stdout).toContain('acme/web');
});

it('6. a damaged bundle names its images, and what vendor and customer do', async () => {
  const { status, stdout } = await run('verify', 'bad.tar');
  expect(stdout).toContain(`  in ${registry.host}/acme/api:2.4.0`);
  expect(stdout).toMatch(/^bad\.tar: FAILED: 2 names, .*; [12] of 2 images (is|are) damaged$/m);
  expect(stdout).toContain('Customer: copy it again');
  expect(stdout).toContain('--reuse bad.tar -o NEW downloads only what is damaged (');
  expect(status).toBe(1);
  const [problem] = JSON.parse((await run('verify', 'bad.tar', '--json')).stdout).problems;
  expect(problem.images).toContain(`${registry.host}/acme/api:2.4.0`);
  const none = await run('verify', 'list.txt');
  expect(none.stdout).toContain('list.txt: FAILED: not a bundle');
});

it('6. a build that reuses the damaged bundle downloads only what is damaged', async () => {
  registry.seen.length = 0;
  const { stdout } = await run('build', 'list.txt', '--reuse', 'bad.tar', '-o', 'repaired.tar');
  expect(readFileSync(file('repaired.tar')).equals(readFileSync(file('old.tar')))).toBe(true);
  const layers = registry.seen.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'));
  // The configs are read before anything is planned.
  expect(new Set(layers.map(({ path }) => path)).size).toBe(3);
  expect(stdout).toMatch(/^downloaded [12]\.0 MB, reused 4\.0 MB of local bundles$/m);
});

it('6. a build reuses what can be read of a truncated bundle', async () => {
  copyFileSync(file('old.tar'), file('short.tar'));
  truncateSync(file('short.tar'), 3 * MB);
  const { stdout, stderr } = await run('build', 'list.txt', '--reuse', 'short.tar', '-o', 'repaired.tar');
  expect(stderr).toContain('short.tar: truncated tar');
  expect(stderr).toContain('reusing what can be read of it');
  expect(stdout).toMatch(/^downloaded [123]\.0 MB, reused [123]\.0 MB of local bundles$/m);
  expect(readFileSync(file('repaired.tar')).equals(readFileSync(file('old.tar')))).toBe(true);
});

it('7. a build says what it downloaded and reused', async () => {
  const result = await run('build', 'next.txt', '--reuse', 'old.tar', '-o', 'reused.tar');
  expect(result.stdout).toMatch(/^downloaded 1\.0 MB, reused 3\.0 MB of local bundles$/m);
});

it('8. --debug shows each request, its time and where its credentials come from, and no secret', async () => {
  await using closed = await TestRegistry.start({
    auth: { scheme: 'basic', username: 'acme', password: 'Kp7xyz' },
  });
  closed.push('acme/web:1', imageOf({ layers: [await noiseLayer('debug', 1000)] }));
  writeFileSync(file('private.txt'), `${closed.host}/acme/web:1\n`);
  const auth = Buffer.from('acme:Kp7xyz').toString('base64');
  writeFileSync(file('auth.json'), JSON.stringify({ auths: { [closed.host]: { auth } } }));
  const env = { REGISTRY_AUTH_FILE: file('auth.json') };
  const shown = await airgap(['plan', 'private.txt', '--debug'], { cwd: work.path, env });
  expect(shown.stderr).toMatch(
    /GET http:\/\/127\.0\.0\.1:\d+\/v2\/acme\/web\/manifests\/1 200 in \d+ ms \(user acme from .*auth\.json\)/,
  );
  expect(shown.stderr).toMatch(/ 401 in \d+ ms$/m);
  expect(shown.stderr).not.toContain('Kp7xyz');
  expect(shown.stderr).not.toContain(auth);
  const variable = await airgap(['plan', 'private.txt'], {
    cwd: work.path,
    env: { ...env, AIRGAP_DEBUG: 'http' },
  });
  expect(variable.stderr).toContain('/v2/acme/web/manifests/1 200 in');
  const plain = await airgap(['plan', 'private.txt'], { cwd: work.path, env });
  expect(plain.stderr).not.toContain('/v2/');
});

it('9. the library checks its options', async () => {
  await expect(plan({ specs: [], concurrency: 0 })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('concurrency must be an integer from 1 to 256'),
  });
  await expect(build({ specs: [] } as never)).rejects.toMatchObject({ code: 'USAGE' });
});

it('10. a lint of files without any image is not green, and counts mentions, images and files', async () => {
  writeFileSync(file('x.yaml'), 'hello: world\n');
  const { status, stdout } = await run('lint', 'x.yaml');
  expect(stdout).toContain('no-images');
  expect(stdout).toContain('0 mentions of 0 images in 1 file');
  expect(status).toBe(1);
});

it('11. a load has a phase for each thing that it does, with its steps', async () => {
  await using target = await TestRegistry.start();
  const { stderr } = await run('load', 'old.tar', target.host, '--progress', 'json');
  const events = stderr
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
  const phases = events.filter(({ type }) => type === 'phase').map(({ phase }) => phase);
  expect(phases).toEqual(['read', 'query', 'move', 'check', 'tag', 'check']);
  const steps = events.filter(({ type }) => type === 'step').map(({ done, total }) => `${done} of ${total}`);
  expect(steps).toContain('2 of 2');
});

it('12. an interrupted build says what is kept, how to resume and how to give up', async () => {
  registry.fault = ({ path }, response, content) => {
    if (!path.includes('/blobs/') || content === undefined || content.length < MB) return false;
    response.setHeader('content-length', content.length);
    response.write(content.subarray(0, 600_000));
    return true;
  };
  const outcome = await airgap(['build', 'list.txt', '-o', 'cut.tar', '--progress', 'json'], {
    cwd: work.path,
    interruptAt: /"type":"blob-started"/,
  });
  expect(outcome.stderr).toMatch(/error: interrupted/);
  expect(outcome.stderr).not.toContain('where:');
  expect(outcome.status).toBe(130);
  if (outcome.stderr.includes('are kept in')) {
    expect(outcome.stderr).toMatch(/interrupted: .* of 4\.0 MB are kept in cut\.tar\.partial$/m);
    expect(outcome.stderr).toContain(
      'Run the same command again to resume, or remove cut.tar.partial* to give up.',
    );
  }
});

it('12. an interrupted load says that what is there stays', async () => {
  await using target = await TestRegistry.start();
  target.fault = ({ path }) => path.includes('/blobs/uploads');
  const outcome = await airgap(['load', 'old.tar', target.host, '--progress', 'json'], {
    cwd: work.path,
    interruptAt: /"phase":"move"/,
  });
  expect(outcome.stderr).toContain(`interrupted: what ${target.host} has received stays there`);
  expect(outcome.stderr).toContain('Run the same command again to resume: it skips what is there.');
  expect(outcome.status).toBe(130);
});

it('13. plan and build print one line for the lint, and -q none', async () => {
  writeFileSync(file('latest.txt'), `${registry.host}/acme/web:2.4.0\n${registry.host}/acme/web:2.5.0\n`);
  writeFileSync(
    file('warn.yaml'),
    `# kind: replicated\nimages:\n- name: ${registry.host}/acme/api:2.4.0\n- name: x\n`,
  );
  const brief = await run('plan', 'latest.txt');
  expect(brief.stderr.split('\n').filter(line => line.includes('lint'))).toHaveLength(
    brief.stderr.includes('--lint full') ? 1 : 0,
  );
  const quiet = await run('plan', 'latest.txt', '-q');
  expect(quiet.stderr).toBe('');
  expect(quiet.status).toBe(0);
  const help = await Promise.all(['build', 'verify', 'serve', 'diff'].map(name => run(name, '--help')));
  for (const { stdout } of help) expect(stdout).toMatch(/-q, --quiet .*-v, --verbose .*--debug /s);
});

it('14. a public image is not called private', () => {
  const page = read('docs/rules/missing-pull-secret.md');
  expect(page).not.toMatch(/ is private/);
});

it('15. a wrong tag names the tags that there are, and is not worth a retry', async () => {
  writeFileSync(file('typo.txt'), `${registry.host}/acme/web:2.4.9\n`);
  const { status, stderr } = await run('plan', 'typo.txt');
  expect(stderr).toContain(`${registry.host}/acme/web has no tag 2.4.9; it has 2.5.0, 2.4.0\n`);
  expect(status).toBe(2);
});

it('16. verify reads stdin, several bundles and layout directories, and names what is no bundle', async () => {
  const { status, stdout } = await run('verify', 'old.tar', 'new.tar');
  expect([status, stdout.match(/: OK: /g)]).toEqual([0, [': OK: ', ': OK: ']]);
  execFileSync('mkdir', ['-p', file('layout')]);
  execFileSync('tar', ['-xf', file('old.tar'), '-C', file('layout')]);
  expect((await run('verify', 'layout')).status).toBe(0);
  execFileSync('gzip', ['-kf', file('old.tar')]);
  const zipped = await run('verify', 'old.tar.gz');
  expect(zipped.stdout).toContain('gunzip');
  expect(zipped.status).toBe(1);
});

it('17. the packages have what a registry shows', () => {
  for (const name of ['cli', 'core']) {
    const manifest = JSON.parse(read(`packages/${name}/package.json`));
    for (const key of ['repository', 'bugs', 'keywords', 'license']) expect(manifest).toHaveProperty(key);
    expect(manifest.scripts.prepack).toBeDefined();
    expect(read(`packages/${name}/README.md`)).not.toBe('');
  }
});

it('18. there are completions, a manual page, a schema, defaults and a changelog', async () => {
  for (const args of [['completion', 'bash'], ['man'], ['config', 'schema']])
    expect(await run(...args)).toMatchObject({ status: 0, stderr: '' });
  expect(read('CHANGELOG.md')).not.toBe('');
  const { stdout } = await airgap(['config'], { cwd: work.path, env: { AIRGAP_OUTPUT: 'b.tar' } });
  expect(stdout.toString()).toMatch(/^defaults\.output +b\.tar +AIRGAP_OUTPUT$/m);
  const built = await airgap(['build', 'list.txt', '--json'], {
    cwd: work.path,
    env: { AIRGAP_OUTPUT: 'b.tar' },
  });
  expect(JSON.parse(built.stdout.toString()).path).toBe(file('b.tar'));
});

it('21. the library is documented: options, events, errors, lifetimes', () => {
  const page = read('docs/reference/library.md');
  for (const word of ['build(', 'onEvent', 'AirgapError', 'await using']) expect(page).toContain(word);
});

it.each<[string, string[], RegExp]>([
  ['a runtime without its colon', ['load', 'old.tar', 'docker'], /Did you mean docker:\?/],
  ['a misspelled runtime', ['load', 'old.tar', 'dockerd:'], /Did you mean docker:\?/],
  [
    'a prefix in upper case',
    ['load', 'old.tar', '127.0.0.1:1/Vendor'],
    /Write the prefix in lower case: vendor\./,
  ],
  ['a misspelled command', ['biuld', 'list.txt'], /Did you mean build\?/],
  ['a misspelled flag', ['build', 'list.txt', '--platfrom', 'arm64'], /Did you mean --platform\?/],
])('22. %s is understood', async (_name, args, words) => {
  const { status, stderr } = await run(...args);
  expect(stderr).toMatch(words);
  expect(stderr).not.toContain('any');
  expect(status).toBe(2);
});

it("22. docker's words are known: familiar names and architectures", async () => {
  await using target = await TestRegistry.start();
  const load = (pattern: string) =>
    run('load', 'old.tar', target.host, '--images', pattern, '--dry-run', '--json');
  for (const pattern of [`${registry.host}/acme/web`, '*/web:2.4.0', '*/acme/web*'])
    expect(JSON.parse((await load(pattern)).stdout).images).toHaveLength(1);
  const typo = await load(`${registry.host}/acme/webb`);
  expect(typo.stderr).toContain('Did you mean');
  const arm = await run('plan', 'list.txt', '--platform', 'arm64');
  expect(arm.stderr).toContain('linux/arm64');
  expect(arm.status).toBe(2);
});

it('23. a new version is one line of the comparison, and of release notes', async () => {
  const { stdout } = await run('diff', 'old.tar', 'new.tar');
  expect(stdout).toContain(`version ${registry.host}/acme/web 2.4.0 -> 2.5.0\n`);
  const notes = await run('diff', 'old.tar', 'new.tar', '--format', 'markdown');
  expect(notes.stdout).toContain(`| ${registry.host}/acme/web | 2.4.0 | 2.5.0 | 1.0 MB |`);
});

it('24. there are examples for pipelines other than that of GitHub', () => {
  const page = read('docs/guides/pipeline.md');
  for (const name of ['GitHub', 'GitLab', 'Jenkins', 'Tekton', 'Kubernetes Job'])
    expect(page).toContain(name);
});

it('25. small words: platforms as one value, unknown rules, plain lists', async () => {
  writeFileSync(file('one.yaml'), 'platforms: linux/amd64\nrules: {lates-tag: off}\n');
  const { status, stderr } = await run('images', 'list.txt', '--config', 'one.yaml');
  expect(stderr).toContain('unknown rule "lates-tag"');
  expect(status).toBe(0);
  writeFileSync(file('typo.yaml'), 'platfroms: all\n');
  const typo = await run('images', 'list.txt', '--config', 'typo.yaml');
  expect(typo.stderr).toContain('unknown key: platfroms (did you mean platforms?)');
  expect(typo.status).toBe(2);
  const docker = await run('load', 'old.tar', '127.0.0.1:1', '--dry-run');
  expect(docker.status).toBe(3);
});
