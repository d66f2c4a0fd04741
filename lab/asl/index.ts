export type { Flow, State, StateMachineDefinition } from './definition.ts';
export { ErrorName, InvalidDefinitionError, StatesError } from './errors.ts';
export { type HistoryDetail, type HistoryKind, type HistoryStep, MAX_EVENTS } from './history.ts';
export { type ExecutionHost, type ExecutionResult, execute, type Redrive, type Standing } from './interpreter.ts';
export { MAX_DATA_BYTES } from './limits.ts';
export { parseDefinition } from './parse-definition.ts';
export type { TaskCall } from './visit.ts';
