// Makes one call with the JavaScript client, as a job of its own: what to do comes on stdin, the outcome goes to stdout.
import { text } from 'node:stream/consumers';
import { ECSClient } from '@aws-sdk/client-ecs';
import { runTaskOrHandOver } from '../../../clients/javascript/run-task-or-hand-over.js';

const { request, key, queueUrl, endpoint } = JSON.parse(await text(process.stdin));
const before = JSON.stringify(request);
try {
  const outcome = await runTaskOrHandOver(new ECSClient({ endpoint }), request, { queueUrl, key });
  console.log(JSON.stringify(outcome));
} catch (error) {
  const { name, message, handOverError } = error;
  console.log(JSON.stringify({ kind: 'error', text: `${name}: ${message}`, handOverError: handOverError?.name }));
}
if (JSON.stringify(request) !== before) throw new Error('found a changed input, expected it as it was');
