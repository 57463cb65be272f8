import { interrupted } from '../model/interrupted.ts';
import { BasicAuth } from '../server/basic-auth.ts';
import { type ListenAddress, Listener, type ListenOptions } from '../server/listener.ts';
import { Registry } from '../server/registry.ts';
import { Repositories } from '../server/repositories.ts';
import { ServedBundle } from '../server/served-bundle.ts';
import type { OnEvent } from '../store/events.ts';

export interface ServeOptions extends ListenOptions {
  /** The bundles' paths; of two images with one name, the earlier bundle's counts. */
  readonly bundles: readonly string[];
  /** Default 127.0.0.1:5000; port 0 takes a free one. */
  readonly listen?: ListenAddress | undefined;
  /** Ask for this name and password (HTTP basic authentication). */
  readonly login?: { readonly username: string; readonly password: string } | undefined;
  /** Stops the registry. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** A registry that is up; dispose of it to end it, and everything that is under way, at once. */
export interface Serving extends AsyncDisposable {
  /** `http://127.0.0.1:5000` */
  readonly url: string;
  /** `127.0.0.1:5000`, as it stands before an image's name. */
  readonly host: string;
  /** The repositories, as clients can ask for them. */
  readonly repositories: readonly string[];
  /** How many names the bundles have. */
  readonly images: number;
}

const DEFAULT_ADDRESS: ListenAddress = { host: '127.0.0.1', port: 5000 };

/**
 * Serves bundles as a read-only registry, straight from their files. It resolves when the registry is up; each request
 * that is over is an event.
 *
 * @throws AirgapError `INPUT` when a file cannot be read, `BUNDLE` or `CONTENT` for a bundle that is not whole (layers are
 * checked when they are first read), `NETWORK` when nothing can listen there, `INTERRUPTED`
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { onEvent = () => {}, listen = DEFAULT_ADDRESS, signal } = options;
  const login = options.login && new BasicAuth(options.login);
  const bundles = await openBundles(options.bundles, signal);
  try {
    const repositories = new Repositories();
    for (const bundle of bundles) repositories.add(bundle, onEvent);
    const registry = new Registry(repositories, login, onEvent);
    const listener = await Listener.open(listen, options, (request, response) => {
      void registry.handle(request, response);
    });
    if (!login && !listener.isLoopback) onEvent({ type: 'notice', message: openToAll(listener) });
    return serving({ listener, bundles, repositories, signal }, options.tls ? 'https' : 'http');
  } catch (error) {
    await closeAll(bundles);
    throw error;
  }
}

async function openBundles(
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ServedBundle[]> {
  const bundles: ServedBundle[] = [];
  try {
    for (const path of paths) {
      if (signal?.aborted) throw interrupted(signal.reason);
      bundles.push(await ServedBundle.open(path));
    }
    return bundles;
  } catch (error) {
    await closeAll(bundles);
    throw error;
  }
}

interface Running {
  readonly listener: Listener;
  readonly bundles: readonly ServedBundle[];
  readonly repositories: Repositories;
  readonly signal: AbortSignal | undefined;
}

function serving({ listener, bundles, repositories, signal }: Running, scheme: string): Serving {
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
    images: bundles.reduce((all, { names }) => all + names.length, 0),
    [Symbol.asyncDispose]: stop,
  };
}

async function closeAll(bundles: readonly ServedBundle[]): Promise<void> {
  await Promise.all(bundles.map(bundle => bundle[Symbol.asyncDispose]()));
}

function openToAll({ host }: Listener): string {
  return `everybody who reaches ${host} can read what is served: ask for a login where that is too many`;
}
