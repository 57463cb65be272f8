import { Option } from '@commander-js/extra-typings';
import { PROGRESS_STYLES } from '../reporters/index.ts';

export const progressOption = new Option('--progress <how>', 'progress display')
  .choices(PROGRESS_STYLES)
  .default('auto' as const);
export const jsonOption = new Option('--json', 'print one JSON object on stdout');
