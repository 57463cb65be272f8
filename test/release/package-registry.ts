import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Record<string, string>;
}

interface Served {
  readonly manifest: Manifest;
  readonly tarball: Buffer;
}

/** An npm registry on loopback, with one version of each package that it has. */
export class PackageRegistry implements AsyncDisposable {
  readonly #packages = new Map<string, Served>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = decodeURIComponent(request.url ?? '').slice(1);
      const tarball = this.#packages.get(path.replace(/\.tgz$/, ''));
      const document = this.#packages.get(path);
      if (document) response.end(JSON.stringify(this.#document(document)));
      else if (tarball) response.end(tarball.tarball);
      else response.writeHead(404).end('{}');
    });
  }

  static async start(): Promise<PackageRegistry> {
    const registry = new PackageRegistry();
    await new Promise<void>(resolve => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Adds what an installed package depends on, as it is installed. */
  addDependencies(folder: string): void {
    const { dependencies = {} } = withoutLeftOut(manifestIn(folder));
    for (const name of Object.keys(dependencies)) this.#add(dependencyOf(folder, name));
  }

  #add(folder: string): void {
    const manifest = withoutLeftOut(manifestIn(folder));
    // pnpm links equal files to one another, and npm unpacks no links.
    const flags = ['--exclude=./node_modules', '--hard-dereference', '--transform', 's,^[.],package,'];
    const tarball = execFileSync('tar', ['-cz', '-C', folder, ...flags, '.'], { maxBuffer: 100_000_000 });
    this.#packages.set(manifest.name, { manifest, tarball });
    this.addDependencies(folder);
  }

  #document({ manifest, tarball }: Served): unknown {
    const { name, version } = manifest;
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const dist = { tarball: `${this.origin}/${name}.tgz`, integrity };
    return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** A dependency that pnpm-workspace.yaml leaves out, because Node never loads it. */
const LEFT_OUT = 'bare-fs';

function withoutLeftOut(manifest: Manifest): Manifest {
  const { [LEFT_OUT]: _, ...dependencies } = manifest.dependencies ?? {};
  return { ...manifest, dependencies };
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Where pnpm puts a dependency: in a package's own node_modules, or beside the package. */
function dependencyOf(folder: string, name: string): string {
  const real = realpathSync(folder);
  const [outer] = real.split(/(?<=\/node_modules\/\.pnpm\/[^/]+\/node_modules)\//);
  const places = [join(real, 'node_modules', name), join(outer ?? real, name)];
  for (const place of places) {
    try {
      return realpathSync(place);
    } catch {}
  }
  throw new Error(`${name} is not installed for ${folder}`);
}
