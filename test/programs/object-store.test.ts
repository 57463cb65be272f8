import { S3PROXY } from '../support/programs/s3proxy.ts';
import { testObjectStore } from './object-store.ts';

testObjectStore(S3PROXY);
