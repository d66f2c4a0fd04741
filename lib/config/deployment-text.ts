/**
 * Whether a text holds a part that only the deployment knows, as the ARN of a role of the same app. The library encodes it so
 * until it writes the template: https://docs.aws.amazon.com/cdk/v2/guide/tokens.html
 */
export const isKnownAtDeployment = (text: string): boolean => text.includes('${Token[');
