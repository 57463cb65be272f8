import { findProgram } from '../../test/programs/program.ts';
import { crane, craneCached, craneLayout } from './crane.ts';
import { oras } from './oras.ts';
import type { Peer } from './peer.ts';
import { regctl } from './regctl.ts';
import { skopeo, skopeoFour } from './skopeo.ts';

const FIRST_TIME: readonly Peer[] = [crane, craneLayout, skopeo, skopeoFour, oras, regctl];
const AGAIN: readonly Peer[] = [craneCached, craneLayout, skopeo, skopeoFour, oras, regctl];

/** The ways to fetch images into one file that this machine has. */
export function fetchersHere(): Peer[] {
  return FIRST_TIME.filter(isHere);
}

/** The ways to do it again, with what is left of the first time. */
export function refetchersHere(): Peer[] {
  return AGAIN.filter(isHere);
}

/** The ways to push images from a program's own form. */
export function pushersHere(): Peer[] {
  return FIRST_TIME.filter(peer => peer.push !== undefined && isHere(peer));
}

/** Each program that is on PATH once. */
export function programsHere(): Peer[] {
  return programs().filter(isHere);
}

/** Each program that is not, once. */
export function programsMissing(): Peer[] {
  return programs().filter(peer => !isHere(peer));
}

function programs(): Peer[] {
  return [...new Map(FIRST_TIME.map(peer => [peer.program, peer])).values()];
}

function isHere({ program }: Peer): boolean {
  return findProgram(program) !== undefined;
}
