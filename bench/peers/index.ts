import { findProgram } from '../../test/support/programs/program.ts';
import { crane, craneCached, craneLayout } from './crane.ts';
import { oras } from './oras.ts';
import type { Peer } from './peer.ts';
import { regctl } from './regctl.ts';
import { skopeo, skopeoFour } from './skopeo.ts';

const FIRST_BUILD: readonly Peer[] = [crane, craneLayout, skopeo, skopeoFour, oras, regctl];
const REBUILD: readonly Peer[] = [craneCached, craneLayout, skopeo, skopeoFour, oras, regctl];

/** Returns the installed peers that fetch images into one file. */
export function installedFetchers(): Peer[] {
  return FIRST_BUILD.filter(isInstalled);
}

/** Returns the installed peers that fetch again and reuse their files or cache. */
export function installedRefetchers(): Peer[] {
  return REBUILD.filter(isInstalled);
}

/** Returns the installed peers that push images. */
export function installedPushers(): Peer[] {
  return FIRST_BUILD.filter(peer => peer.push !== undefined && isInstalled(peer));
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
  return [...new Map(FIRST_BUILD.map(peer => [peer.program, peer])).values()];
}

function isInstalled({ program }: Peer): boolean {
  return findProgram(program) !== undefined;
}
