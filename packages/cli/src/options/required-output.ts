import { AirgapError } from '@airgap/core';

/** The value of `-o`, which may come from AIRGAP_OUTPUT. @param example of a value. @throws AirgapError `USAGE` when it is missing */
export function requiredOutput(output: string | undefined, example: string): string {
  if (output !== undefined) return output;
  throw new AirgapError('USAGE', "required option '-o, --output <bundle>' not specified", {
    hint: `Pass what to write, for example -o ${example}, or set AIRGAP_OUTPUT.`,
  });
}
