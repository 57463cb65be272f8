import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CREDENTIALS, createBucket, FolderStore, type StoreProgram } from './folder-store.ts';
import { connectTo, Daemon, freePort, lacks } from './program.ts';

/** An object store in Go, which `.ci/nightly` builds. It checks more than S3Proxy: checksums, sizes, numbers of parts. */
export const VERSITYGW: StoreProgram = {
  name: 'versitygw',

  lacks(what) {
    return lacks(what, 'versitygw');
  },

  async start(folder) {
    const host = `127.0.0.1:${await freePort()}`;
    const objects = createBucket(folder);
    const metadata = join(folder, 'metadata');
    mkdirSync(metadata);
    const credentials = [
      '--access',
      CREDENTIALS.AWS_ACCESS_KEY_ID,
      '--secret',
      CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    ];
    const flags = ['--port', host, '--keep-alive', '--quiet', ...credentials];
    const daemon = new Daemon('versitygw', [...flags, 'posix', '--sidecar', metadata, objects]);
    await daemon.ready(() => connectTo(Number(host.split(':')[1])));
    return new FolderStore(host, objects, daemon);
  },
};
