/** Payload over a WebSocket (RFC 6455): the sender's side of ndt7, for probe and peer alike. */
import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { nextMessageB } from './ndt7-message.ts';

const PAYLOAD = randomBytes(1 << 20);

/**
 * Sends binary messages until `isOver`, which is asked after every one, or the other side is gone.
 *
 * @param isOver told what was handed to the system so far, in bytes of payload
 */
export async function sendMessages(
  socket: WebSocket,
  isOver: (sentB: number) => boolean,
): Promise<void> {
  let sentB = 0;
  let messageB: number | undefined;
  while (socket.readyState === socket.OPEN && !isOver(sentB)) {
    messageB = nextMessageB(messageB, sentB);
    const message = PAYLOAD.subarray(0, messageB);
    // One message at a time: the system's own buffer keeps the line busy in between.
    const isSent = await new Promise<boolean>((resolve) =>
      socket.send(message, { binary: true }, (error) => resolve(!error)),
    );
    if (!isSent) return;
    sentB += messageB;
    // A fast line takes every message at once; timers and sockets must have their turn too.
    await turn();
  }
}
