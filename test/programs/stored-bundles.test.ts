import { S3PROXY } from '../support/programs/s3proxy.ts';
import { testStoredBundles } from './stored-bundles.ts';

testStoredBundles(S3PROXY);
