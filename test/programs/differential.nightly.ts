import { testCraftedBundles } from './differential.ts';

testCraftedBundles(true);
