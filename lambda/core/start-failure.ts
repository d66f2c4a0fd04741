/**
 * How a task says that it never started because AWS was throttling: as data, with where each text was seen. Reasons are
 * free text and may be cut off, so each is known by its beginning, and by its tail only where the beginning says nothing.
 */
const THROTTLED_STARTS: readonly RegExp[] = [
  // "Timeout waiting for network interface provisioning to complete." (EC2 throttled while the interface was made)
  /Timeout waiting for network interface provisioning/,
  // "Rate limit exceeded while preparing network interface to be attached to instance"
  /Rate limit exceeded while preparing network interface/,
  // "Network interface provision complete error timeout wait for network interface provision."
  /Network interface provision complete error timeout/,
  // "Unexpected EC2 error while attempting to Create Network Interface ...": the same beginning also reports full subnets
  /Unexpected EC2 error .*(?:RequestLimitExceeded|Throttling)/s,
  // "CannotPullECRContainerError: ThrottlingException: Rate exceeded", "CannotPullContainerError: ... toomanyrequests: ..."
  // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
  /CannotPull\w*Error: .*(?:Throttling|Rate exceeded|toomanyrequests|Too Many Requests|pull rate limit)/is,
  // "ResourceInitializationError: unable to pull secrets or registry auth: ..." with a throttle at its end (not seen verbatim)
  /ResourceInitializationError: .*(?:Throttling|Rate exceeded|RequestLimitExceeded|TooManyRequests)/is,
  // "Timeout waiting for EphemeralStorage provisioning to complete"
  /Timeout waiting for EphemeralStorage provisioning/,
];

/** Whether one of a stopped task's reasons, its own or its containers', names a throttle. */
export function isThrottledStart(reasons: readonly string[]): boolean {
  return reasons.some((reason) => THROTTLED_STARTS.some((pattern) => pattern.test(reason)));
}
