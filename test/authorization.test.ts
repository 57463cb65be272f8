import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { airgap, Workplace } from './airgap.ts';
import { imageOf, noiseLayer } from './images/image.ts';
import { sendError, TestRegistry } from './registry/registry.ts';
import { Witness } from './registry/witness.ts';

const CREDENTIALS = `Basic ${Buffer.from('me:pass').toString('base64')}`;
const image = imageOf({ layers: [await noiseLayer('authorization', 50_000)] });

/** What a server was asked, and with which `Authorization`: the whole of it, by name. */
type Lines = string[];

let seen: Lines;
let registry: TestRegistry;
let stack: AsyncDisposableStack;
let open: Witness[];

beforeEach(async () => {
  seen = [];
  open = [];
  registry = await TestRegistry.start();
  registry.push('team/app:1', image);
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
  await Promise.all(open.map(one => one[Symbol.asyncDispose]()));
});
