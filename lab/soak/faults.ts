import fc from 'fast-check';
import { HANDLERS } from '../../lambda/core/contract.ts';
import type { JsonObject } from '../kernel/json.ts';
import { CORRUPTIBLE, OPERATIONS, type ServiceName } from '../scenario/fault-schema.ts';
import { chance, range, whole } from './values.ts';

/**
 * Bad luck of every kind, but for one: ECS forgets a task that failed to start after an hour, so where its event is dropped
 * and no sweep gets through for that long, nobody can ever learn of it.
 */

const handler = fc.constantFrom(...HANDLERS);
const service = fc.constantFrom(...(Object.keys(OPERATIONS) as ServiceName[]));
const detailType = fc.option(fc.constantFrom('AWS API Call via CloudTrail', 'ECS Task State Change'), {
  nil: undefined,
});
/** Of a fault that comes and goes: over within fifty minutes, so that a sweep sees what there was. */
const spell = { from: whole(0, 1200), seconds: whole(1, 1800) };
/** Long enough for calls to become late. */
const longSpell = { from: whole(0, 1200), seconds: whole(1800, 7200) };
const notSweep = fc.constantFrom(...HANDLERS.filter((name) => name !== 'sweep'));
const kind = <Kind extends string>(name: Kind) => fc.constant(name);

const corruption = { kind: kind('corruptItem'), at: whole(0, 900), to: fc.constantFrom('deleted', 'garbage') };

const serviceError = service.chain((name) =>
  fc.record(
    {
      kind: kind('serviceError'),
      service: fc.constant(name),
      probability: chance(0.3),
      operation: fc.constantFrom(...OPERATIONS[name]),
      error: fc.constantFrom('serverError', 'throttling', 'timeout'),
    },
    { requiredKeys: ['kind', 'service', 'probability'] },
  ),
);

const fault: fc.Arbitrary<object> = fc.oneof(
  fc.record({ kind: kind('duplicateEvents'), probability: chance(1) }),
  fc.record({ kind: kind('delayEvents'), seconds: range(0, 900), detailType }),
  fc.record({ kind: kind('dropEvents'), probability: chance(1), detailType }),
  fc.record({ kind: kind('handlerCrash'), handler, probability: chance(0.15) }),
  // A sweep makes hundreds of calls in one invocation, and begins the look anew: it would be as good as out of service.
  fc.record({ kind: kind('handlerCrash'), handler: notSweep, probability: chance(0.15), at: kind('call') }),
  fc.record({ kind: kind('outage'), handler, ...spell }),
  fc.record({ kind: kind('outage'), handler: notSweep, ...longSpell }),
  serviceError,
  serviceError,
  fc.record({ kind: kind('serviceOutage'), service, ...spell }),
  fc.record({ kind: kind('pause'), ...spell }),
  fc.record({ kind: kind('slowHandler'), handler, probability: chance(0.3), seconds: range(1, 120) }),
  fc.oneof(
    fc.record({ kind: kind('clockSkew'), handler, seconds: whole(-60, 60) }),
    fc.record({ kind: kind('clockSkew'), service: kind('cloudtrail'), seconds: whole(-60, 60) }),
  ),
  fc.record({ ...corruption, item: fc.constantFrom(...CORRUPTIBLE) }),
  // Without end: late re-runs wait for a whole day on a coverage that is always gone.
  fc.record({
    ...corruption,
    item: fc.constantFrom(...CORRUPTIBLE.filter((item) => item !== 'coverage')),
    everySeconds: whole(20, 600),
  }),
);

/** Up to six faults at once, as a scenario has them. */
export const faults = fc
  .array(fault, { maxLength: 6 })
  .map((list) => list.map((entry) => JSON.parse(JSON.stringify(entry)) as JsonObject));
