import { testStalledUploads } from './stalled-uploads.ts';

testStalledUploads('always');
