import { z } from 'zod';
import { parseJson } from '../model/parse-json.ts';

const historySchema = z.looseObject({
  history: z.array(z.looseObject({ created_by: z.string().optional(), empty_layer: z.boolean().optional() })),
});

/** How a Dockerfile's shell form is recorded. */
const SHELL = /^\/bin\/sh -c (?:#\(nop\) +)?/;

/**
 * Returns the build step of each layer from the history of a config (image-spec, config.md), for messages: without the
 * shell, on one line. A step is undefined where the history does not say.
 *
 * @param count the number of layers; a history of another length says nothing about them
 */
export function buildSteps(config: Uint8Array, count: number): readonly (string | undefined)[] {
  const history = historySchema.safeParse(parseJson(config)).data?.history ?? [];
  const steps = history.filter(({ empty_layer: isEmpty }) => isEmpty !== true);
  if (steps.length !== count) return Array.from({ length: count }, () => undefined);
  return steps.map(({ created_by: text }) => {
    const line = text?.replace(SHELL, '').replace(/\s+/g, ' ').trim();
    return line === '' ? undefined : line;
  });
}
