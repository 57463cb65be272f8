import { Option } from '@commander-js/extra-typings';
import { PROGRESS_STYLES } from '../reporters/index.ts';

export const progressOption = new Option('--progress <how>', 'progress display')
  .choices(PROGRESS_STYLES)
  .default('auto' as const);
export const jsonOption = new Option('--json', 'print one JSON object on stdout');

const LINT_DISPLAYS = ['summary', 'full'] as const;
export type LintDisplay = (typeof LINT_DISPLAYS)[number];
export const lintOption = new Option('--lint <how>', 'show the findings of the lint in one line, or in full')
  .choices(LINT_DISPLAYS)
  .default('summary' as const);
