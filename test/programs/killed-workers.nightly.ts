import { S3PROXY } from '../support/programs/s3proxy.ts';
import { testKilledWorkers } from './killed-workers.ts';

testKilledWorkers(S3PROXY);
