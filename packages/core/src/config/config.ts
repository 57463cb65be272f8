import { LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { AirgapError } from '../errors.ts';
import type { SourceText } from '../spec/source.ts';

const registrySchema = z.union([z.string(), z.strictObject({ endpoint: z.string() })]);
const configSchema = z.strictObject({
  app: z.string().optional(),
  registries: z.record(z.string(), registrySchema).optional(),
  platforms: z.array(z.string()).optional(),
});

/** What `airgap.yaml` says. */
export interface Config {
  /** The application's slug. */
  readonly app?: string | undefined;
  /** Third-party registries: the name that `source:` uses → the endpoint. */
  readonly registries: Readonly<Record<string, string>>;
  /** As `--platform` takes them. */
  readonly platforms?: readonly string[] | undefined;
}

/** Reads an `airgap.yaml`. @throws AirgapError `INPUT` at the line that is wrong */
export function parseConfig(source: SourceText): Config {
  const lines = new LineCounter();
  const document = parseDocument(source.text, { lineCounter: lines, prettyErrors: false });
  const fail = (message: string, offset: number, hint: string) => {
    const { line, col } = lines.linePos(offset);
    return new AirgapError('INPUT', message, {
      where: { position: { file: source.file, line: Math.max(line, 1), column: Math.max(col, 1) } },
      hint,
    });
  };
  const [error] = document.errors;
  if (error) throw fail(`not YAML: ${error.message}`, error.pos[0], 'Mend the YAML there.');
  const result = configSchema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (!result.success) {
    const [issue] = result.error.issues;
    const node = document.getIn(issue?.path ?? [], true) as Node | undefined;
    const path = issue?.path.join('.') || 'airgap.yaml';
    throw fail(
      `${path}: ${issue?.message}`,
      node?.range?.[0] ?? 0,
      'It may have app:, registries: (name: endpoint) and platforms:.',
    );
  }
  const { app, registries = {}, platforms } = result.data;
  const endpoints = Object.entries(registries).map(([name, one]) => [
    name,
    typeof one === 'string' ? one : one.endpoint,
  ]);
  return { app, registries: Object.fromEntries(endpoints), platforms };
}
