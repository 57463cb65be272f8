import { testCraftedBundles } from './differential.ts';

testCraftedBundles(false);
