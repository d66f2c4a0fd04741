/** By this tag of a stack the operator's commands find it. */
export const STACK_TAG = { key: 'ecs-throttle-remediation', value: 'stack' } as const;
