import { THROTTLE_CODE, WRAPPED_MESSAGE, WRAPPER_CODE } from '../events/throttle-patterns.ts';
import { ECS_PRINCIPAL, ECS_SERVICE_ROLE } from './downstream.ts';

/** Conditions on CloudTrail's records in the language of CloudWatch Logs Insights. */

/** Throttles that came as the text of a bad parameter. */
export const RECORD_DISGUISED = `(errorCode like /${WRAPPER_CODE}/ and errorMessage like /${WRAPPED_MESSAGE}/)`;
export const RECORD_THROTTLED = `errorCode like /${THROTTLE_CODE}/ or ${RECORD_DISGUISED}`;

/** Each of these names ECS in a record that it made the call of; which of them a record has depends on the service called. */
const BY_ECS = [
  ...['sourceIPAddress', 'userAgent', 'userIdentity.invokedBy'].map((field) => `${field} = "${ECS_PRINCIPAL}"`),
  `userIdentity.arn like /:assumed-role.${ECS_SERVICE_ROLE}./`,
].join(' or ');
/** What ECS called of other services, and was throttled. */
export const DOWNSTREAM_THROTTLED = `eventSource != "${ECS_PRINCIPAL}" and (${BY_ECS}) and (${RECORD_THROTTLED})`;
