import type { AirgapEvent, Finding } from '@airgap/core';
import { expect, it } from 'vitest';
import { FindingSummary } from './finding-summary.ts';

const finding = (severity: Finding['severity'], rule = 'latest-tag'): AirgapEvent => ({
  type: 'finding',
  finding: { rule, severity, message: 'm', hint: 'h', position: { file: 'f', line: 1, column: 1 } },
});
const planned: AirgapEvent = { type: 'planned', images: 1, blobs: 1, bytes: 1, size: 1 };

it('replaces findings with one line before the transfer, and one for later ones', () => {
  const events: AirgapEvent[] = [];
  const summary = new FindingSummary(['app.yaml', 'manifests/'], event => events.push(event));
  for (const event of [finding('warning'), finding('info'), finding('warning'), planned])
    summary.onEvent(event);
  summary.onEvent(finding('error', 'missing-platform'));
  summary.report();
  summary.report();
  const shows = '"airgap lint app.yaml manifests/" or --lint full shows them';
  expect(events).toEqual([
    { type: 'notice', message: `2 warnings, 1 note: ${shows}` },
    planned,
    { type: 'notice', message: `1 error: ${shows.replace('lint app', 'lint --online app')}` },
  ]);
});
