import { isLoopback } from '../http/loopback.ts';
import type { Layout } from '../layout/layout.ts';
import { AirgapError } from '../model/errors.ts';
import { interrupted } from '../model/interrupted.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import { BasicAuth } from '../server/basic-auth.ts';
import { type ListenAddress, Listener, type ListenOptions } from '../server/listener.ts';
import { Registry } from '../server/registry.ts';
import { Repositories } from '../server/repositories.ts';
import { ServedBundle } from '../server/served-bundle.ts';
import { requireSigned, type SignatureOptions } from '../signing/bundle-checksums.ts';
import { type OnEvent, type OnTimedEvent, withTime } from '../store/events.ts';
import { checkOptions } from './check-options.ts';

export interface ServeOptions extends ListenOptions, SignatureOptions, Omit<ObjectOptions, 'timeout'> {
  /** Paths of the bundles. If names collide, the first bundle wins. */
  readonly bundles: readonly string[];
  /** Layouts that have the layers that a delta leaves to its base; the other bundles are such layouts, too. */
  readonly base?: readonly string[] | undefined;
  /** Default 127.0.0.1:5000; port 0 selects a free port. */
  readonly listen?: ListenAddress | undefined;
  /** Require this username and password (HTTP basic authentication). Default: no authentication. */
  readonly login?: { readonly username: string; readonly password: string } | undefined;
  /** Stops the registry. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** A running registry. Disposing of it closes the port and all connections immediately. */
export interface Serving extends AsyncDisposable {
  /** `http://127.0.0.1:5000` */
  readonly url: string;
  /** `127.0.0.1:5000`, the host part of image references. */
  readonly host: string;
  /** Repository names as in the catalog. */
  readonly repositories: readonly string[];
  /** Number of names in all bundles. */
  readonly images: number;
}

const DEFAULT_ADDRESS: ListenAddress = { host: '127.0.0.1', port: 5000 };

/**
 * Serves bundles as a read-only registry, straight from their files. The promise resolves when the port is open; every
 * finished request is reported as a `served` event.
 *
 * @throws AirgapError `USAGE` for a password without TLS on other addresses than loopback, `INPUT` when a file cannot be
 * read, the TLS certificate is invalid, or a delta lacks its base, `BUNDLE` or `CONTENT` for
 * an invalid or incomplete bundle (layers are verified when they are first read), `NETWORK` when the address is not
 * available, `INTERRUPTED`
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  checkOptions('serve', options, ['bundles']);
  const { listen = DEFAULT_ADDRESS, signal } = options;
  const onEvent = withTime(options.onEvent ?? (() => {}));
  const isLocal = isLoopback(listen.host.includes(':') ? `[${listen.host}]` : listen.host);
  if (options.login && !options.tls && !isLocal) throw readablePassword(listen.host);
  const login = options.login && new BasicAuth(options.login);
  const bundles = await openBundles(options, onEvent);
  try {
    const repositories = new Repositories();
    for (const bundle of bundles) repositories.add(bundle, onEvent);
    const registry = new Registry(repositories, login, onEvent, isLocal ? listen.host : undefined);
    const listener = await Listener.open(listen, options, (request, response) => {
      void registry.handle(request, response);
    });
    if (!login && !listener.isLoopback) onEvent({ type: 'notice', message: noAuthentication(listener) });
    return toServing({ listener, bundles, repositories, signal }, options.tls ? 'https' : 'http');
  } catch (error) {
    await closeAll(bundles);
    throw error;
  }
}

async function openBundles(options: ServeOptions, onEvent: OnEvent): Promise<ServedBundle[]> {
  const { bundles: paths, base = [], signal } = options;
  const bundles: ServedBundle[] = [];
  try {
    for (const path of paths) {
      if (signal?.aborted) throw interrupted(signal.reason);
      const others = paths.filter(other => other !== path);
      const check = (layout: Layout) => requireSigned(layout, path, options, onEvent);
      bundles.push(await ServedBundle.open(path, { ...options, base: [...base, ...others] }, check));
    }
    return bundles;
  } catch (error) {
    await closeAll(bundles);
    throw error;
  }
}

interface RunningServer {
  readonly listener: Listener;
  readonly bundles: readonly ServedBundle[];
  readonly repositories: Repositories;
  readonly signal: AbortSignal | undefined;
}

function toServing({ listener, bundles, repositories, signal }: RunningServer, scheme: string): Serving {
  const { host } = listener;
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= listener[Symbol.asyncDispose]().then(() => closeAll(bundles));
    return stopped;
  };
  if (signal?.aborted) void stop();
  else signal?.addEventListener('abort', stop, { once: true });
  return {
    url: `${scheme}://${host}`,
    host,
    repositories: repositories.names,
    images: bundles.reduce((sum, { names }) => sum + names.length, 0),
    [Symbol.asyncDispose]: stop,
  };
}

async function closeAll(bundles: readonly ServedBundle[]): Promise<void> {
  await Promise.all(bundles.map(bundle => bundle[Symbol.asyncDispose]()));
}

function readablePassword(host: string): AirgapError {
  return new AirgapError('USAGE', 'a password without TLS can be read by everyone on the network', {
    where: { host },
    hint: 'Pass --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy with TLS.',
  });
}

function noAuthentication({ host }: Listener): string {
  return `no authentication: anyone who can reach ${host} can pull; use --user`;
}
