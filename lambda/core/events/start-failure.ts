/** How AWS's services name a throttle. Whole words only, as images and secrets may have any name. */
const THROTTLE =
  '(?:\\bThrottlingException\\b|\\bRequestLimitExceeded\\b|\\bTooManyRequestsException\\b|\\(ErrorCode: Throttling\\)|Rate exceeded|Request limit exceeded|Too Many Requests)';

/**
 * Stop reasons of tasks that never started because AWS throttled, with where each text was seen. A reason is free text and
 * may be cut off, so it is recognized by its beginning; by its end only if the beginning is not specific.
 */
const THROTTLED_STARTS: readonly RegExp[] = [
  // "Timeout waiting for network interface provisioning to complete." (EC2 throttled while the interface was made)
  /Timeout waiting for network interface provisioning/,
  // "Rate limit exceeded while preparing network interface to be attached to instance"
  /Rate limit exceeded while preparing network interface/,
  // "Network interface provision complete error timeout wait for network interface provision."
  /Network interface provision complete error timeout/,
  // "Unexpected EC2 error while attempting to Create Network Interface ...": the same beginning also reports full subnets
  new RegExp(`Unexpected EC2 error .*${THROTTLE}`, 's'),
  // "CannotPullECRContainerError: ThrottlingException: Rate exceeded", "CannotPullContainerError: ... toomanyrequests: ..."
  // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
  /CannotPull\w*Error: (?:Throttling|toomanyrequests)/,
  new RegExp(`CannotPull\\w*Error: .*(?:${THROTTLE}|toomanyrequests: |pull rate limit)`, 's'),
  // "toomanyrequests: Rate exceeded", as registries say it, with or without the agent's prefix
  /toomanyrequests: (?:Rate exceeded|Too Many Requests)/i,
  // "ResourceInitializationError: unable to pull secrets or registry auth: ..." with a throttle at its end (not seen verbatim)
  new RegExp(`ResourceInitializationError: .*${THROTTLE}`, 's'),
  // "CannotStartContainerError: ... failed to initialize logging driver: failed to create Cloudwatch log stream: ThrottlingException:
  // Rate exceeded ...": as the awslogs driver has it on EC2, https://github.com/moby/moby/issues/42088
  new RegExp(`CannotStartContainerError: .*failed to create Cloudwatch log stream: .*${THROTTLE}`, 's'),
  // "Timeout waiting for EphemeralStorage provisioning to complete"
  /Timeout waiting for EphemeralStorage provisioning/,
];

/** Whether a reason of a stopped task, or of one of its containers, names a throttle. */
export function isThrottledStart(reasons: readonly string[]): boolean {
  return reasons.some((reason) => THROTTLED_STARTS.some((pattern) => pattern.test(reason)));
}
