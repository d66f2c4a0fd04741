import type { JsonObject } from '../../../lab/kernel/json.ts';
import type { Call, OpenCall } from '../../../lab/run/call-ledger.ts';
import { CallLedger } from '../../../lab/run/call-ledger.ts';
import { Oracle } from '../../../lab/run/oracle.ts';
import { accountWith, RUN_TASK } from '../aws/world.ts';

/** An oracle, and what it says of one call of the role `ops`. */
export function judged(call: Partial<Call>, config: JsonObject = {}, account: JsonObject = {}, clockErrorMs = 0) {
  const ledger = new CallLedger(1, 0);
  const open: OpenCall = {
    caller: 'ops',
    index: 0,
    finite: true,
    principal: { arn: 'arn:aws:sts::111122223333:assumed-role/ops/s' },
    request: { referenceId: 'ops/0', ...RUN_TASK },
    madeAt: 0,
    tokens: ['t'],
    attempts: [],
    state: 'pending',
    taskArns: [],
    failures: [],
    messageIds: [],
    doneAt: 0,
    ...(call as Partial<OpenCall>),
  };
  ledger.open(open);
  const allowed = {
    mode: 'rerun',
    clusters: ['batch'],
    families: ['report'],
    callers: [{ arn: 'arn:aws:iam::111122223333:role/ops', handsOver: true }],
    ...config,
  };
  const oracle = new Oracle({
    configuration: allowed,
    ledger: () => ledger,
    isOurs: (arn) => arn === 'us',
    account: accountWith(account),
    clockErrorMs,
  });
  const fate = oracle.fates.of('ops/0');
  if (!fate) throw new Error('expected a fate');
  return { oracle, fate };
}
