import { AwsError } from '../../kernel/aws-service.ts';

export const validation = (message: string): AwsError => new AwsError('ValidationException', message);

/** As `validation`, for the many messages that share one beginning. */
export const invalid = (message: string): AwsError =>
  validation(`One or more parameter values were invalid: ${message}`);

/** What is wrong inside an expression; the request knows which parameter held it. */
export class ExpressionError extends Error {}
