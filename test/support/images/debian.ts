import { readFileSync, realpathSync } from 'node:fs';
import { findProgram, missingPrograms, output } from '../programs/program.ts';
import { layerOf, noiseLayer, type TestFile, type TestLayer } from './image.ts';

const APPLETS = ['sh', 'echo', 'cat', 'sleep', 'ls'];

/** A layer with Debian's static busybox and some of its applets; noise that cannot run where it is missing. */
export async function busyboxLayer(): Promise<TestLayer> {
  if (missingPrograms('busybox').length > 0) return noiseLayer('busybox', 100_000);
  const applets = APPLETS.map(name => ({ name: `bin/${name}`, linkname: 'busybox', mode: 0o777 }));
  return layerOf([
    { name: 'bin/', mode: 0o755 },
    file('bin/busybox', findProgram('busybox') ?? ''),
    ...applets,
    { name: 'tmp/', mode: 0o1777 },
  ]);
}

/** A layer with Debian's redis and the shared libraries that it loads; noise where it is missing. */
export async function redisLayer(): Promise<TestLayer> {
  if (missingPrograms('redis-server', 'redis-cli').length > 0) return noiseLayer('redis', 100_000);
  const programs = ['redis-server', 'redis-cli'].map(name => realpathSync(findProgram(name) ?? name));
  const libraries = new Set<string>();
  for (const program of programs) {
    for (const [path] of (await output('ldd', program)).matchAll(/\/\S+\.so\S*/g)) libraries.add(path);
  }
  return layerOf([
    file('bin/redis-server', programs[0] ?? ''),
    file('bin/redis-cli', programs[1] ?? ''),
    ...[...libraries].sort().map(path => file(path.slice(1), path)),
  ]);
}

function file(name: string, from: string): TestFile {
  return { name, content: readFileSync(from), mode: 0o755 };
}
