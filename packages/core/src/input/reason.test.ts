import { expect, it } from 'vitest';
import { ImagePath } from './formats/image-path.ts';
import { reasonOfListed, reasonOfUsed } from './reason.ts';
import { parseSpec } from './spec-parser.ts';

const pod = (list: string) => `{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {${list}}}`;
const object = (apiVersion: string, kind: string, spec: string) =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: o}, spec: {${spec}}}`;

it.each([
  [pod('containers: [{name: c, image: a}]'), 'container c of Pod p'],
  [pod('containers: [{image: a}]'), 'container of Pod p'],
  [pod('initContainers: [{name: c, image: a}]'), 'init container c of Pod p'],
  [pod('ephemeralContainers: [{name: c, image: a}]'), 'ephemeral container c of Pod p'],
  [pod('volumes: [{name: v, image: {reference: a}}]'), 'volume v of Pod p'],
  ['{apiVersion: v1, kind: Pod, spec: {containers: [{image: a}]}}', 'container of Pod'],
  ['services: {web: {image: a}}', 'Service (compose) web'],
  ['# kind: scheduler-swarm\nservices: {web: {image: a}}', 'Service (Swarm) web'],
  [object('kots.io/v1beta1', 'Application', 'additionalImages: [a]'), 'additionalImages of Application o'],
  [
    object('troubleshoot.sh/v1beta2', 'Preflight', 'collectors: [{run: {image: a}}]'),
    'collector run of Preflight o',
  ],
  [object('e/v1', 'Database', 'image: a'), '.spec.image of Database o'],
  ['images:\n- name: a', 'images: entry'],
  ['replicated_api_version: 2\ncomponents: [{containers: [{image_name: a}]}]', 'container of a component'],
  ['a:1', 'line of a list'],
])('%s gives: %s', (text, reason) => {
  const { used, listed } = parseSpec([{ file: 'f', text }], [ImagePath.parse('Database', '.spec.image')]);
  expect([...listed.map(reasonOfListed), ...used.map(reasonOfUsed)]).toEqual([reason]);
});
