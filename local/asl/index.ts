export type { StateMachineDefinition } from './definition.ts';
export { ErrorName, InvalidDefinitionError, StatesError } from './errors.ts';
export type { HistoryKind, HistoryStep } from './history.ts';
export { type ExecutionHost, type ExecutionResult, execute } from './interpreter.ts';
export { MAX_DATA_BYTES } from './limits.ts';
export { parseDefinition } from './parse-definition.ts';
export type { TaskCall } from './visit.ts';
