import { findProgram } from '../../test/support/programs/program.ts';
import { crane, craneCached, craneLayout } from './crane.ts';
import { hauler, haulerFour } from './hauler.ts';
import { kots } from './kots.ts';
import { oras } from './oras.ts';
import type { Fetcher, Peer, Pusher } from './peer.ts';
import { regctl } from './regctl.ts';
import { skopeo, skopeoFour } from './skopeo.ts';
import { zarf } from './zarf.ts';

const FIRST_BUILD: readonly Fetcher[] = [crane, craneLayout, skopeo, skopeoFour, oras, regctl, hauler, zarf];
const REBUILD: readonly Fetcher[] = [
  craneCached,
  craneLayout,
  skopeo,
  skopeoFour,
  oras,
  regctl,
  hauler,
  zarf,
];
const PUSH: readonly Pusher[] = [craneLayout, skopeo, oras, regctl, hauler, haulerFour, kots];

/** Returns the installed peers that fetch images into one file. */
export function installedFetchers(): Fetcher[] {
  return FIRST_BUILD.filter(isInstalled);
}

/** Returns the installed peers that fetch again and reuse their files or cache. */
export function installedRefetchers(): Fetcher[] {
  return REBUILD.filter(isInstalled);
}

/** Returns the installed peers that push images. */
export function installedPushers(): Pusher[] {
  return PUSH.filter(isInstalled);
}

/** Returns each installed program once. */
export function installedPrograms(): Peer[] {
  return programs().filter(isInstalled);
}

/** Returns each program that is not installed, once. */
export function missingPrograms(): Peer[] {
  return programs().filter(peer => !isInstalled(peer));
}

function programs(): Peer[] {
  return [...new Map([...FIRST_BUILD, ...PUSH].map(peer => [peer.program, peer])).values()];
}

function isInstalled({ program, origin }: Peer): boolean {
  return 'variable' in origin ? Boolean(process.env[origin.variable]) : findProgram(program) !== undefined;
}
