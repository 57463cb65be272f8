import { resolve } from 'node:path';
import { chooseNames } from './bundle/chosen-names.ts';
import { BundleReader } from './bundle/reader.ts';
import type { Destination } from './content/destination.ts';
import { HashThreads } from './content/hash-threads.ts';
import { AirgapError } from './errors.ts';
import type { OnEvent } from './events.ts';
import { interrupted } from './interrupted.ts';
import type { Digest } from './oci/digest.ts';
import { BlobBodies } from './push/blob-body.ts';
import { type Delivery, deliveriesOf } from './push/delivery.ts';
import { expectedTraffic, push, type Traffic } from './push/push.ts';
import { planPush } from './push/push-plan.ts';
import { keepReferrers } from './push/referrals.ts';
import { survey } from './push/survey.ts';
import { type Naming, parseTarget } from './reference/target.ts';
import { Registries, type RegistryOptions } from './registry/registries.ts';

export interface LoadOptions extends RegistryOptions {
  /** The bundle's path. */
  readonly bundle: string;
  /** `REGISTRY[/PREFIX]`. */
  readonly target: string;
  /** Default `path`. */
  readonly naming?: Naming | undefined;
  /** Names of the bundle to load, `*` stands for anything; all when left out. */
  readonly images?: readonly string[] | undefined;
  /** What to do with a tag that stands for something else there. Default `overwrite`. */
  readonly onExisting?: OnExisting | undefined;
  /** Ask, and push nothing. */
  readonly dryRun?: boolean | undefined;
}

/** A tag that stands for the same image already is left as it is with each of them. */
export const ON_EXISTING = ['overwrite', 'skip', 'fail'] as const;
export type OnExisting = (typeof ON_EXISTING)[number];

/** One name of the bundle, and what became of it. */
export interface LoadedImage {
  readonly name: string;
  readonly destination: string;
  /** What the name stands for in the bundle. */
  readonly digest: string;
  /** What the destination says that it stands for, asked afterwards; nothing when it is not there. */
  readonly found: string | undefined;
  /**
   * - `pushed`   it was not there, or stood for something else
   * - `present`  it stood for the same image already
   * - `kept`     it stands for something else, and was left so
   */
  readonly state: 'pushed' | 'present' | 'kept';
}

export interface LoadResult {
  /** The bundle. */
  readonly path: string;
  readonly target: string;
  readonly dryRun: boolean;
  readonly images: readonly LoadedImage[];
  /** What crossed the wire, or would. */
  readonly uploaded: Traffic;
  /** What another repository of the registry had, or would have by then. */
  readonly mounted: Traffic;
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Pushes a bundle into a registry, straight from the file: what is there already stays, a blob crosses the wire once
 * however many repositories need it, tags come last, and in the end the registry is asked what each name stands for.
 *
 * @throws AirgapError `INPUT` for names that collide, `USAGE`, `BUNDLE`, `CONTENT` when the bundle is damaged or the
 * registry stored something else, `INTERRUPTED`, and what registries throw
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const started = performance.now();
  const onEvent: OnEvent = options.onEvent ?? (() => {});
  const stopper = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopper.signal]) : stopper.signal;
  const target = parseTarget(options.target);
  const { registry } = target;
  try {
    await using bundle = await BundleReader.open(options.bundle);
    onEvent({ type: 'phase', phase: 'read' });
    const entries = await bundle.entries();
    const { naming = 'path', images, onExisting = 'overwrite', dryRun = false } = options;
    const names = await chooseNames(bundle, entries, images);
    const deliveries = deliveriesOf(names, { target, naming });
    await using registries = await Registries.open({ ...options, signal });
    const destination = registries.destination(registry);
    const states = await askStates(destination, deliveries, onExisting);
    const wanted = deliveries.filter(delivery => states.get(delivery)?.state !== 'kept');
    const plan = await planPush(bundle, entries, wanted);
    const work = await survey(destination, plan, registry);
    const expected = expectedTraffic(work);
    onEvent({
      type: 'planned',
      images: deliveries.length,
      blobs: expected.uploaded.blobs,
      bytes: expected.uploaded.bytes,
      size: bundle.size,
    });
    const result = { path: resolve(options.bundle), target: options.target, dryRun };
    if (dryRun)
      return { ...result, images: reports(states), ...expected, elapsed: performance.now() - started };
    onEvent({ type: 'phase', phase: 'move' });
    await using threads = new HashThreads(signal);
    const bodies = new BlobBodies(bundle, entries, threads, onEvent);
    const stop = (reason: unknown) => stopper.abort(reason);
    const traffic = await push(work, { destination, registry, bundle, entries, bodies, onEvent, stop });
    onEvent({ type: 'phase', phase: 'finish' });
    await keepReferrers(destination, registry, plan.referrals);
    for (const delivery of wanted)
      if (states.get(delivery)?.state === 'pushed')
        await destination.putManifest(delivery.to, await bundle.manifest(entries, delivery.root));
    await readBack(destination, wanted, states);
    return { ...result, images: reports(states), ...traffic, elapsed: performance.now() - started };
  } catch (error) {
    throw options.signal?.aborted ? interrupted(error) : error;
  }
}

interface State {
  readonly state: LoadedImage['state'];
  readonly found: Digest | undefined;
}

type States = Map<Delivery, State>;

/** Asks what every name stands for now. @throws AirgapError `INPUT` for what must not be overwritten */
async function askStates(
  destination: Destination,
  deliveries: readonly Delivery[],
  onExisting: OnExisting,
): Promise<States> {
  const founds = await Promise.all(deliveries.map(({ to }) => destination.digestOf(to)));
  const states: States = new Map();
  const refused: AirgapError[] = [];
  for (const [index, delivery] of deliveries.entries()) {
    const found = founds[index];
    const differs = found !== undefined && found !== delivery.root.digest;
    if (differs && onExisting === 'fail') refused.push(taken(delivery, found));
    const kept = differs && onExisting === 'skip';
    states.set(delivery, {
      found,
      state: kept ? 'kept' : found === delivery.root.digest ? 'present' : 'pushed',
    });
  }
  if (refused.length > 0) throw AirgapError.all(refused, `${refused.length} names stand for something else`);
  return states;
}

async function readBack(
  destination: Destination,
  deliveries: readonly Delivery[],
  states: States,
): Promise<void> {
  const founds = await Promise.all(deliveries.map(({ to }) => destination.digestOf(to)));
  for (const [index, delivery] of deliveries.entries()) {
    const found = founds[index];
    if (found !== delivery.root.digest) throw lost(delivery, found);
    states.set(delivery, { state: states.get(delivery)?.state ?? 'pushed', found });
  }
}

function reports(states: States): LoadedImage[] {
  return [...states].map(([{ name, to, root }, { state, found }]) => ({
    name: name.toString(),
    destination: to.toString(),
    digest: root.digest,
    found,
    state,
  }));
}

function taken({ to, root }: Delivery, found: Digest): AirgapError {
  return new AirgapError('INPUT', `${to} stands for ${found} already, and not for ${root.digest}`, {
    hint: 'Use --on-existing overwrite or skip, or load under another prefix.',
  });
}

function lost({ to, root }: Delivery, found: Digest | undefined): AirgapError {
  return new AirgapError(
    'CONTENT',
    `the registry says that ${to} is ${found ?? 'not there'}, and was given ${root.digest}`,
    {
      where: { image: to.toString(), digest: root.digest },
      hint: 'Somebody else pushed the same name meanwhile, or the registry loses what it is given: load again.',
    },
  );
}
