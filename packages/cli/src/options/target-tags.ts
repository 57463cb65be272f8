import { ON_EXISTING } from '@airgap/core';
import { Option } from '@commander-js/extra-typings';
import { repeated } from './parsers.ts';

/** @param verb what happens with the images */
export const imagesOption = (verb: 'load' | 'push') =>
  new Option(
    '--images <pattern>',
    `${verb} only images whose name matches; * matches any characters (repeatable)`,
  ).argParser(repeated);

export const existingOption = new Option(
  '--on-existing <what>',
  'what to do when a tag already exists with another digest',
)
  .choices(ON_EXISTING)
  .default('overwrite' as const);
