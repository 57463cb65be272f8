import { existsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CREDENTIALS, createBucket, FolderStore, type StoreProgram } from './folder-store.ts';
import { connectTo, Daemon, freePort, lacks } from './program.ts';

/** Not packaged in Debian: .ci/run fetches it. */
const JAR = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'airgap-ci',
  's3proxy-4.1.0-jar-with-dependencies.jar',
);

/** An object store in Java, which `.ci/run` downloads. */
export const S3PROXY: StoreProgram = {
  name: 'S3Proxy',

  lacks(what) {
    if (lacks(what, 'java')) return true;
    if (existsSync(JAR)) return false;
    process.stderr.write(`\nSKIPPED: ${what}: missing ${JAR}, which .ci/run fetches\n`);
    return true;
  },

  async start(folder) {
    const host = `127.0.0.1:${await freePort()}`;
    const objects = createBucket(folder);
    const properties = join(folder, 's3proxy.properties');
    const settings = {
      's3proxy.endpoint': `http://${host}`,
      's3proxy.authorization': 'aws-v4',
      's3proxy.identity': CREDENTIALS.AWS_ACCESS_KEY_ID,
      's3proxy.credential': CREDENTIALS.AWS_SECRET_ACCESS_KEY,
      'jclouds.provider': 'filesystem-nio2',
      'jclouds.filesystem.basedir': objects,
    };
    writeFileSync(
      properties,
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    const flags = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
    const daemon = new Daemon('java', [...flags, '-jar', JAR, '--properties', properties]);
    await daemon.ready(() => connectTo(Number(host.split(':')[1])));
    return new FolderStore(host, objects, daemon);
  },
};
