import { Option } from '@commander-js/extra-typings';
import { PROGRESS_STYLES } from '../reporters/index.ts';

/** How a command shows what it does and what came of it. */
export const progressOption = new Option('--progress <how>', 'how to show progress')
  .choices(PROGRESS_STYLES)
  .default('auto' as const);
export const jsonOption = new Option('--json', 'one JSON object on stdout');
