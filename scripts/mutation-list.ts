/** One rule that is taken away: its name, the file, its exact text there, what stands there instead. */
export type Mutation = readonly [rule: string, file: string, text: string, replacement: string];

export const MUTATIONS: readonly Mutation[] = [
  [
    'an execution’s name comes from its call',
    'lambda/core/identity.ts',
    "digest(['execution', callId, ...hour])",
    "digest(['execution', callId, ...hour, String(Math.random())])",
  ],
  [
    'the caller’s own token goes out',
    'lambda/core/rerun/own-token.ts',
    '    case undefined:\n      return request;\n',
    "    case undefined:\n      return { ...request, clientToken: 'fresh' + Math.random().toString(36).slice(2) };\n",
  ],
  [
    'a conflict is a start only where the tasks are known to be the call’s',
    'lambda/core/rerun/conflict.ts',
    'records.some((record) => record && !isOfCall(record))',
    'false',
  ],
  [
    'shared state is written where nobody else was faster',
    'lambda/state/versioned-item.ts',
    `      ConditionExpression:
        version === 0 ? 'attribute_not_exists(version) OR NOT attribute_type(version, :number)' : 'version = :version',
      ExpressionAttributeValues: version === 0 ? { ':number': { S: 'N' } } : { ':version': { N: String(version) } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
`,
    '',
  ],
  [
    'the oldest launch record of a task stays',
    'lambda/state/launch-store.ts',
    ": 'attribute_exists(isForeign) OR atMs > :atMs'",
    ": 'attribute_exists(id)'",
  ],
  [
    'the deadline is looked at before each launch',
    'lambda/steps/before-launch.ts',
    `    return clock.now() >= deadlineMs
      ? checkLate(attempt, tokened, deadlineMs)
      : launchWithPermit(attempt, tokened, deadlineMs);
`,
    '    return launchWithPermit(attempt, tokened, deadlineMs);\n',
  ],
  [
    'what an answer left of a call is seen to by one execution',
    'lambda/steps/attempt.ts',
    'if (occasion && execution && (await restOwner(occasion, execution)) !== execution)',
    'if (occasion && execution && (await restOwner(occasion, execution)) === "")',
  ],
  [
    'what was accepted is asked for after how far the history is read',
    'lambda/steps/before-launch.ts',
    `    const covered = await coverage.read();
    const acceptance = readAcceptances(await acceptances(rerun, request), rerun.doneBy);
`,
    `    const acceptance = readAcceptances(await acceptances(rerun, request), rerun.doneBy);
    const covered = await coverage.read();
`,
  ],
  [
    'a cluster’s lease is for one sweep',
    'lambda/state/sweep-lease.ts',
    "'attribute_not_exists(holder) OR holder = :holder OR leaseUntilMs < :now'",
    "'attribute_not_exists(holder) OR attribute_exists(holder) OR holder = :holder OR leaseUntilMs < :now'",
  ],
  [
    'callers have to be listed',
    'lambda/core/verdict/run-task-verdict.ts',
    "if (!entry) return 'callerNotListed';",
    'if (!entry) return undefined;',
  ],
  [
    'the principal is part of a call’s identity',
    'lambda/core/identity.ts',
    "digest(['synchronous', account, region, principal, cluster, clientToken])",
    "digest(['synchronous', account, region, cluster, clientToken])",
  ],
  [
    'another request under a taken name is another call',
    'lambda/core/rerun/claim.ts',
    'first.digest === claim.digest && ',
    '',
  ],
  [
    'a key names one job, however late its copies come',
    'lambda/core/verdict/hand-over-verdict.ts',
    'executionName(place.family, callId), input',
    'executionName(place.family, callId, call.sentAtMs), input',
  ],
  [
    'a token of our own proves sameness for an hour after a request that may have been heard',
    'lambda/core/rerun/rerun-input.ts',
    'roomMs, roomMs, unheard);',
    'roomMs, roomMs);',
  ],
  [
    'a try that broke off may have been heard',
    'lambda/core/rerun/next-step.ts',
    '  if (!unheardSince) return progress;\n',
    '  if (unheardSince || !unheardSince) return progress;\n',
  ],
  [
    'an acceptance in part does not make a call done',
    'lambda/core/rerun/acceptance.ts',
    'taskArns.length >= doneBy.count',
    'taskArns.length >= 0',
  ],
  [
    'what was started under a token that names one call for ever is remembered',
    'lambda/core/identity.ts',
    'clientToken.startsWith(LASTING_PREFIX)',
    'false && clientToken',
  ],
  [
    'only callers that are said to hand over are listened to',
    'lambda/core/verdict/hand-over-verdict.ts',
    "if (!callerEntry(caller, settings.callers)?.handsOver) return refuse('callerNotListed');",
    '',
  ],
  [
    'nobody guesses what a bare record meant: its caller’s message decides',
    'lambda/core/verdict/run-task-verdict.ts',
    "return verdict.kind === 'refuse' && handsOver ? { kind: 'ignore', reason: 'handedOver' } : verdict;",
    'return verdict;',
  ],
  [
    'people are told of an event once',
    'lambda/steps/apply-verdict.ts',
    'if (await launches.wasNotified(name)) return;',
    '',
  ],
  [
    'a stranger’s call takes no task away from a listed caller that asked for it too',
    'lambda/state/launch-store.ts',
    ": 'attribute_exists(isForeign) OR atMs > :atMs'",
    ": 'atMs > :atMs'",
  ],
  [
    'a call that was made after a task was created did not launch it',
    'lambda/core/rerun/launch-record.ts',
    'atMs <= createdAtMs + AROUND_LAUNCH_MS',
    'atMs <= createdAtMs + 1000 * AROUND_LAUNCH_MS',
  ],
  [
    'a listed caller’s task is nobody else’s in the event history either',
    'lambda/core/rerun/lookup.ts',
    'if (!reason || ours.has(taskId)) continue;',
    'if (!reason) continue;',
  ],
  [
    'under a token of our own a conflict is never our start',
    'lambda/core/rerun/conflict.ts',
    "if (isOwnToken || taskArns.length === 0) return { kind: 'conflict' };",
    "if (taskArns.length === 0) return { kind: 'conflict' };",
  ],
  [
    'who sent a message that was moved back stands in the message',
    'lambda/intake.ts',
    "isMovedBack ? (messageAttributes[SENDER_ATTRIBUTE]?.stringValue ?? '') : senderId",
    'messageAttributes[SENDER_ATTRIBUTE]?.stringValue ?? senderId',
  ],
  [
    'an acceptance counts for the request that it is of',
    'lambda/core/rerun/acceptance.ts',
    'recent.filter(({ digest }) => digest === doneBy.digest)',
    'recent',
  ],
  [
    'an acceptance counts for the call that it was made for, not for one of hours before',
    'lambda/core/rerun/acceptance.ts',
    '.filter(({ atMs }) => atMs >= doneBy.sinceMs)',
    '',
  ],
  [
    'nobody can compute the token of a job that was never attempted',
    'lambda/core/identity.ts',
    "sign(key, ['keyed token', callId])",
    "sign('', ['keyed token', callId])",
  ],
  [
    'a federated user is not the user who issued its session',
    'lambda/core/events/run-task-record.ts',
    'issuer && isSession ? issuer : identity',
    'issuer ? issuer : identity',
  ],
  [
    'a call is launched under the identity that its execution has',
    'lambda/core/rerun/launch-guard.ts',
    '!isIdentityOf(rerun, clientToken) || ',
    '',
  ],
  [
    'a task is started again under an identity of its own',
    'lambda/core/rerun/launch-guard.ts',
    ' && callId === asynchronousCallId(failedTask.taskArn)',
    '',
  ],
  [
    'a redriven execution asks for a permit of its own',
    'lambda/run-task.ts',
    'permit && !isRedriven ? Date.parse',
    'permit ? Date.parse',
  ],
];
