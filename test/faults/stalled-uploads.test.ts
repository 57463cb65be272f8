import { testStalledUploads } from './stalled-uploads.ts';

testStalledUploads('once');
