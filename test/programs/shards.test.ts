import { S3PROXY } from '../support/programs/s3proxy.ts';
import { testShards } from './shards.ts';

testShards(S3PROXY);
