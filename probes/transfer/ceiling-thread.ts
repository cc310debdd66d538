/** The thread that holds the far end of the self-test: a peer on loopback, whose port it tells. */
import { parentPort } from 'node:worker_threads';
import { startPeer } from '../peer/index.ts';

const peer = await startPeer({ hosts: ['127.0.0.1'], httpPort: 0, dnsPort: 0 });
parentPort?.postMessage(peer.httpPort);
