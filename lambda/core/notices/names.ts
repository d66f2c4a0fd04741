/*
 * What people read in mails came from records and messages, which hold what some caller wrote. Only what AWS would take for a
 * name is shown as one: no line breaks, no links, nothing that a terminal or a mail program would act upon.
 */

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html */
const FAMILY = /^[A-Za-z0-9_-]{1,255}$/;
/** A role, user or session, an EventBridge rule, or a unique id of IAM's; https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
const CALLER =
  /^(?:arn:aws[a-z-]{0,20}:(?:iam|sts|events):[a-z0-9-]{0,30}:\d{12}:(?:role|user|assumed-role|federated-user|rule|root)[A-Za-z0-9_+=,.@/-]{0,640}|A[A-Z0-9]{7,127})$/;

/** A family as it may be shown; empty for what is no name. */
export const shownFamily = (text: string): string => (FAMILY.test(text) ? text : '');

/** An id of a CloudTrail event or a message as it may be shown; empty for what is none. */
export const shownId = (text: string): string => (/^[A-Za-z0-9-]{1,100}$/.test(text) ? text : '');

/** An instant as it may be shown. */
export const shownInstant = (text: string): string => (/^\d{4}-[0-9T:.Z+-]{6,30}$/.test(text) ? text : '');

/** The ARN of an execution or a task as it may be shown, and put into a command. */
export const shownArn = (text: string): string =>
  /^arn:aws[a-z-]{0,20}:(?:states|ecs):[a-z0-9-]{1,30}:\d{12}:(?:execution:|task\/)[A-Za-z0-9_:/-]{1,400}$/.test(text)
    ? text
    : '';

/** A caller as it may be shown; empty for what is no name. */
export const shownCaller = (text: string): string => (CALLER.test(text) ? text : '');
